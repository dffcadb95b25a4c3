//! Nobody asks whether it was sent: the rule `reliable::socket-result-dropped`.

use syn::{Expr, Stmt};

use crate::look::{By, Found, Look, Method, Named};
use crate::scope::{Carrier, Scope};
use crate::syntax::{span, statements_around};
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
    looks: &[Look::Named(look_named), Look::Method(look_method)],
};

/// `let _ = write;`
fn look_named<'a>(named: &Named<'a>, scope: &Scope<'a>, found: &mut Found) {
    if named.by == By::Let && scope.source.text[scope.source.range(named.place)] == *"_" {
        judge(named.value, scope, found);
    }
}

/// `write.ok();`
fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if method.name != "ok" || !method.expr.args.is_empty() {
        return;
    }
    let Some(function) = scope.function() else { return };
    let at = method.expr.method.span().byte_range().start;
    let statement = statements_around(function.block, at).and_then(|(statements, at)| statements.get(at));
    let is_thrown_away = matches!(
        statement,
        Some(Stmt::Expr(Expr::MethodCall(thrown), Some(_))) if std::ptr::eq(thrown, method.expr)
    );
    if is_thrown_away {
        judge(&method.expr.receiver, scope, found);
    }
}

/// What is written, of which nobody hears whether it was.
fn judge<'a>(mut value: &'a Expr, scope: &Scope<'a>, found: &mut Found) {
    loop {
        value = match value {
            Expr::Await(awaited) => &awaited.base,
            Expr::MethodCall(call) if call.method == "ok" => &call.receiver,
            _ => break,
        };
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
