//! A packet for each piece: the rule `cost::small-writes`.

use syn::{Expr, Stmt};

use crate::look::{Found, Look, Method};
use crate::scope::{Carrier, Scope};
use crate::syntax::{peel, span, statements_around};

use crate::family::Family;
use crate::finding::Level;
use crate::near;
use crate::rule::{Page, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "cost::small-writes",
    family: Family::Cost,
    level: Level::Warn,
    title: "a message that is written in pieces",
    page: Page {
        why: "Each write to a socket is a call of the system and may be a packet of its own. With the usual \
              settings the second small one waits until the first is acknowledged.",
        incident: "A reply is written as its length and its text. Each costs 40 ms more than it should, for \
                   the other side waits before it acknowledges the length.",
        instead: "collect it first: a `BufWriter` that is flushed once, `write_vectored`, or one buffer",
        better: "let mut stream = BufWriter::new(stream);\n\
                 stream.write_u32(length).await?;\n\
                 stream.write_all(frame).await?;\n\
                 stream.flush().await?;",
        alike: &[
            "a `BufWriter` or a codec around the socket",
            "a file, a buffer in memory, a stream to this machine",
            "two writes with an answer between",
        ],
        allow: "If the pieces are large, a packet each is what it takes.",
        shows: &[],
        unshown: "no run here counts packets, connections or handshakes",
        links: &[],
    },
    looks: &[Look::Method(look)],
};

fn look<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !is_write(&method.name) {
        return;
    }
    let receiver = &method.expr.receiver;
    if scope.type_of(receiver).is_none() || scope.carrier(receiver) != Carrier::Socket {
        return;
    }
    found.looked(method.expr.method.span());
    let Some(function) = scope.function() else { return };
    let at = method.expr.method.span().byte_range().start;
    let Some((statements, number)) = statements_around(function.block, at) else { return };
    let to = |statement: &Stmt| written_to(statement, scope);
    let Some(here) = to(&statements[number]) else { return };
    let is_same = |back: usize| {
        number
            .checked_sub(back)
            .and_then(|before| to(&statements[before]))
            .is_some_and(|before| before == here)
    };
    // Each run is told of once, at its second write.
    if is_same(1) && !is_same(2) && !near::leads_here(receiver, scope) {
        found.say(
            span(method.expr),
            scope,
            format!("`{here}` has no buffer, so this may be a second packet of one message"),
        );
    }
}

fn is_write(name: &str) -> bool {
    name == "write_all" || name.starts_with("write_u") || name.starts_with("write_i")
}

/// To what a statement writes, if that is all that it does.
fn written_to(statement: &Stmt, scope: &Scope<'_>) -> Option<String> {
    let Stmt::Expr(expr, _) = statement else { return None };
    match peel(expr) {
        Expr::MethodCall(call) if is_write(&call.method.to_string()) => {
            let range = scope.source.range(span(peel(&call.receiver)));
            Some(scope.source.text[range].to_owned())
        }
        _ => None,
    }
}
