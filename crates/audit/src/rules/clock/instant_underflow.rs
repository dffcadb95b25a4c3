//! A moment before the machine was: the rule `clock::instant-underflow`.

use syn::{BinOp, Expr, ExprBinary};

use crate::look::{Found, Look};
use crate::syntax::{peel, span, variable};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "clock::instant-underflow",
    family: Family::Clock,
    level: Level::Info,
    title: "a moment that may be before the first one",
    page: Page {
        why: "The first moment of a monotonic clock may be when the machine started. One hour before a moment \
              of the first hour is none, and taking it panics.",
        incident: "A cache forgets what is older than an hour. On a machine that has been up for ten minutes \
                   it panics at its first sweep, and again at each restart.",
        instead: "ask how long ago it was, or use `checked_sub`",
        better: "entries.retain(|entry| entry.seen.elapsed() < HOUR);",
        alike: &["one moment less another, which is a span", "`checked_sub`"],
        allow: "If it is known that the machine has been up for longer, say how.",
        shows: &[],
        unshown: "no station here asks for a moment before its clock began",
        links: &["clippy's `unchecked_time_subtraction`"],
    },
    looks: &[Look::Binary(look)],
};

fn look<'a>(binary: &'a ExprBinary, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(binary.op, BinOp::Sub(_)) {
        return;
    }
    let left = peel(&binary.left);
    let value = variable(left).and_then(|name| scope.value(name)).map_or(left, peel);
    let is_now = match value {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let path = scope.path(&path.path);
                path.ends_with("::now") && is(value, "monotonic", scope)
            }
            _ => false,
        },
        _ => false,
    };
    if is_now && is(&binary.right, "span", scope) {
        found.looked(span(&binary.op));
        let here =
            "on a machine that was started less than that ago there is no such moment, and this panics";
        found.say(span(binary), scope, here);
    }
}

fn is(expr: &Expr, kind: &str, scope: &Scope<'_>) -> bool {
    scope.type_of(expr).is_some_and(|found| scope.knowledge.is(&found.path, kind))
}
