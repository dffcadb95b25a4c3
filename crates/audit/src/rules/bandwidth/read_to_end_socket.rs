//! Reading for as long as the other side writes: the rule `bandwidth::read-to-end-socket`.

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look, Method};
use crate::near;
use crate::rule::{Page, Rule};
use crate::scope::{Carrier, Scope};
use crate::syntax::{called, number, span};
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "bandwidth::read-to-end-socket",
    family: Family::Bandwidth,
    level: Level::Warn,
    title: "reading a socket for as long as the other side writes",
    page: Page {
        why: "The end of a connection is where the other side says it is. Until then everything that it sends is kept in memory.",
        incident: "A peer with a fault sends the same page again and again. The node reads for an hour, holds all of it, and is \
                   killed for its memory.",
        instead: "read frames of a bounded length, or put a `take(BYTES_MAX)` before it",
        better: "let mut reply = Vec::new();\nstream.take(REPLY_BYTES_MAX).read_to_end(&mut reply).await?;",
        alike: &[
            "`take(…)` before it",
            "a stream that is given a limit, such as quinn's `read_to_end(1000)`",
            "a file, a decoder, a buffer in memory, a stream to this machine",
        ],
        allow: "If the other side is this machine's, say so.",
        shows: &[],
        unshown: "no run here counts the memory of a machine",
        links: &[],
    },
    looks: &[Look::Method(look)],
};

fn look<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(&*method.name, "read_to_end" | "read_to_string") {
        return;
    }
    // A number is a limit.
    let [Some(argument), None] = [0, 1].map(|number| method.expr.args.iter().nth(number)) else { return };
    // Nor is what is called a size, and not lent to be written into.
    let is_size = || {
        let name = called(argument).map(ToString::to_string);
        !matches!(argument, syn::Expr::Reference(_))
            && name
                .is_some_and(|name| says(&name, &["size", "limit", "max", "len", "length"]) && name != "MAX")
    };
    if number(argument).is_some() || is_size() {
        return;
    }
    let receiver = &method.expr.receiver;
    let is_socket = matches!(scope.carrier(receiver), Carrier::Socket | Carrier::Buffered);
    if !is_socket || scope.type_of(receiver).is_none() {
        return;
    }
    found.looked(method.expr.method.span());
    if !near::leads_here(receiver, scope) && !has_take(receiver, scope) {
        found.say(span(method.expr), scope, "this reads until the other side ends, and keeps all of it");
    }
}

/// Whether a limit stands between.
fn has_take(receiver: &syn::Expr, scope: &Scope<'_>) -> bool {
    let mut receiver = receiver;
    for _ in 0..8 {
        receiver = match receiver {
            syn::Expr::MethodCall(call) if call.method == "take" && call.args.len() == 1 => return true,
            syn::Expr::MethodCall(call) => &call.receiver,
            syn::Expr::Reference(inner) => &inner.expr,
            syn::Expr::Paren(inner) => &inner.expr,
            other => match crate::syntax::variable(other).and_then(|name| scope.value(name)) {
                Some(value) => value,
                None => return false,
            },
        };
    }
    false
}
