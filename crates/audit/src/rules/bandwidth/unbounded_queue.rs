//! A queue that takes whatever comes: the rule `bandwidth::unbounded-queue`.

use syn::Expr;

use crate::look::{Call, Found, Look, Named};
use crate::syntax::{peel, span};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "bandwidth::unbounded-queue",
    family: Family::Bandwidth,
    level: Level::Info,
    title: "a queue without an end behind a socket",
    page: Page {
        why: "What comes in faster than it goes out is kept. A queue without an end keeps all of it, and \
              tells nobody until there is no memory.",
        incident: "A disk becomes slow, and frames wait for it in memory. After an hour there are forty \
                   million, and the node is killed with all of them.",
        instead: "bound it, and decide what happens when it is full: wait, refuse, or throw away",
        better: "let (frames, incoming) = mpsc::channel(1_024);",
        alike: &[
            "a channel for signals: shut down, abort, call back",
            "a channel in a file where nothing comes over a network",
        ],
        allow: "If something else bounds how much can be in it, such as one message a client, say so.",
        shows: &["run narrow-pass --faults queue=none"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Named(look_named), Look::Call(look_call)],
};

/// A queue of these does not fill.
const SIGNALS: [&str; 14] = [
    "shutdown", "abort", "signal", "exit", "callback", "event", "events", "stop", "cancel", "done", "notify",
    "close", "kill", "quit",
];

/// Where these are named, something comes over a network.
const NETWORK: [&str; 9] = [
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "WebSocketStream",
    "WebSocket",
    "accept",
    "Incoming",
    "Router",
    "SocketAddr",
];

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    if is_unbounded(&call.path, scope) {
        found.looked(call.span);
    }
}

fn look_named<'a>(named: &Named<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Expr::Call(call) = peel(named.value) else { return };
    let Expr::Path(path) = &*call.func else { return };
    if !is_unbounded(&scope.path(&path.path), scope) {
        return;
    }
    let whole = 0..scope.source.text.len();
    let is_network = NETWORK.iter().any(|name| scope.source.has_name(&whole, name));
    let is_signal = scope.source.mentions(&scope.source.range(named.place), &SIGNALS)
        || scope.source.mentions(&scope.source.range(span(call)), &SIGNALS);
    if is_network && !is_signal {
        found.say(
            span(call),
            scope,
            "what comes faster than it is taken out stays in memory: what bounds it?",
        );
    }
}

fn is_unbounded(path: &str, scope: &Scope<'_>) -> bool {
    scope.knowledge.function(path).is_some_and(|act| act.kind == "unbounded")
}
