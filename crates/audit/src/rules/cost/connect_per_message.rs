//! A connection for each message: the rule `cost::connect-per-message`.

use syn::{Expr, FnArg, ReturnType, Type};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look};
use crate::rule::{Page, Rule};
use crate::scope::{Function, Scope};
use crate::syntax::any_expr;
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "cost::connect-per-message",
    family: Family::Cost,
    level: Level::Warn,
    title: "a connection for each message",
    page: Page {
        why: "A connection costs a round trip before the first byte, a port for a minute after the last, and begins slowly. For \
              one message it costs more than the message. Messages on different connections overtake each other, too.",
        incident: "Heartbeats go out on a connection each, five stations ten times a second. After some minutes the table of \
                   ports is full of connections that are closing, connects fail, and each station believes the others dead.",
        instead: "keep the connection with the peer, and make another when it fails",
        better: "struct Peer {\n    stream: Option<TcpStream>,\n}",
        alike: &[
            "a function that gives the connection back, or keeps it in a field",
            "a client that asks and reads the whole answer on one connection",
            "a datagram, which needs none",
        ],
        allow: "If messages are rare, such as one at the end of a run, say how rare.",
        shows: &["hunt specimen:mutex/unordered-links"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Function(look)],
};

const MESSAGES: [&str; 14] = [
    "message",
    "msg",
    "frame",
    "packet",
    "event",
    "entry",
    "entries",
    "command",
    "notification",
    "heartbeat",
    "rpc",
    "payload",
    "bytes",
    "data",
];

fn look<'a>(function: &Function<'a>, scope: &Scope<'a>, found: &mut Found) {
    let connects = |expr: &Expr| {
        matches!(expr, Expr::Call(_)) && scope.act(expr).is_some_and(|act| act.kind == "connect")
    };
    if !any_expr(function.block, connects) {
        return;
    }
    let place = function.signature.ident.span();
    found.looked(place);
    let mut writes = 0_usize;
    let mut does_more = false;
    any_expr(function.block, |expr| {
        match expr {
            Expr::MethodCall(call) => {
                let name = call.method.to_string();
                writes += usize::from(name.starts_with("write"));
                // A reply is waited for, or the stream goes elsewhere.
                does_more |= name.starts_with("read")
                    || matches!(&*name, "next" | "recv" | "insert" | "push" | "split" | "into_split");
            }
            Expr::Assign(_) | Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) | Expr::Struct(_) => {
                does_more = true
            }
            _ => {}
        }
        false
    });
    if writes == 1 && !does_more && takes_message(function, scope) && !gives_stream(function, scope) {
        found.say(place, scope, "each call connects, writes once, and throws the connection away");
    }
}

fn takes_message(function: &Function<'_>, scope: &Scope<'_>) -> bool {
    function.signature.inputs.iter().any(|input| match input {
        FnArg::Typed(input) => {
            scope.source.mentions(&scope.source.range(crate::syntax::span(input)), &MESSAGES)
        }
        FnArg::Receiver(_) => false,
    }) || says(&function.name, &["send", "notify", "publish", "heartbeat", "deliver"])
}

fn gives_stream(function: &Function<'_>, scope: &Scope<'_>) -> bool {
    match &function.signature.output {
        ReturnType::Type(_, kind) => match &**kind {
            Type::Tuple(parts) => !parts.elems.is_empty(),
            kind => scope.typed(kind).is_some_and(|kind| scope.knowledge.thing(&kind.path).is_some()),
        },
        ReturnType::Default => false,
    }
}
