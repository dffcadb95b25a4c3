//! Nobody asks whether it was sent: the rule `reliable::socket-result-dropped`.

use syn::Expr;

use crate::look::{By, Found, Look, Named};
use crate::scope::{Carrier, Scope};
use crate::syntax::span;
use crate::words::says;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "reliable::socket-result-dropped",
    family: Family::Reliable,
    level: Level::Info,
    title: "what a socket says of a write is thrown away",
    page: Page {
        why: "A write that fails says that the other side is gone. Who does not listen goes on as if it had \
              been told.",
        incident: "The link to a station breaks, as in the Antarctic partition, and each heartbeat fails \
                   unheard. The station is taken for alive until somebody looks.",
        instead: "look at the result: count it, tell of it, or close the link",
        better: "if let Err(error) = socket.send_to(&beat, peer) {\n\
\x20   links.lost(peer, error);\n\
                 }",
        alike: &[
            "a channel within the process, whose other end may be gone",
            "a write on the way out, in `close`, `shutdown`, `drop`",
            "a file, a buffer",
        ],
        allow: "If another message says the same soon, and its loss is counted elsewhere, say so.",
        shows: &["run narrow-pass", "run lossy-relay --faults loss=20%"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Named(look)],
};

fn look<'a>(named: &Named<'a>, scope: &Scope<'a>, found: &mut Found) {
    if named.by != By::Let || scope.source.text[scope.source.range(named.place)] != *"_" {
        return;
    }
    let mut value = named.value;
    while let Expr::Await(awaited) = value {
        value = &awaited.base;
    }
    let Expr::MethodCall(call) = value else { return };
    let name = call.method.to_string();
    let is_write = name.starts_with("write") || matches!(&*name, "flush" | "send_to" | "send");
    let is_known = || scope.type_of(&call.receiver).is_some();
    let is_socket = || matches!(scope.carrier(&call.receiver), Carrier::Socket | Carrier::Buffered);
    if !is_write || !is_known() || !is_socket() {
        return;
    }
    found.looked(call.method.span());
    const LAST: [&str; 9] =
        ["close", "drop", "shutdown", "stop", "goodbye", "terminate", "abort", "disconnect", "leave"];
    let is_last = scope.function().is_some_and(|function| says(&function.name, &LAST));
    if !is_last {
        found.say(span(value), scope, "if the other side is gone, nobody hears of it here");
    }
}
