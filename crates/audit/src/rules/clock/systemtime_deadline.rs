//! Until a moment on the wall: a deadline by it: the rule `clock::systemtime-deadline`.

use syn::{BinOp, Expr, ExprBinary, Ident};

use crate::look::{Found, Look, Named};
use crate::syntax::{called, peel, span, variable};
use crate::words::says;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "clock::systemtime-deadline",
    family: Family::Clock,
    level: Level::Warn,
    title: "a deadline on the wall clock",
    page: Page {
        why: "A deadline says how long from now. The wall clock may be set before it comes, and then it comes \
              at once, or not for years.",
        incident: "A machine starts with its clock in 1970 and takes a lease until ten seconds later. Then \
                   the time is set, and every lease has run out; or it is set back, and none ever does.",
        instead: "use `Instant` for what this process waits for",
        better: "let deadline = Instant::now() + LEASE;",
        alike: &[
            "what the calendar decides: certificates, tokens, cookies, dates",
            "a moment that is written down for others, with an allowance for their clocks",
        ],
        allow: "If another process must read it, say how far apart the clocks may be.",
        shows: &["hunt specimen:lease/wall-clock"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Named(look_named), Look::Binary(look_binary)],
};

const DEADLINES: [&str; 7] = ["deadline", "timeout", "lease", "until", "next", "due", "wakeup"];

/// Of these the calendar decides.
const CALENDAR: [&str; 20] = [
    "expir",
    "expiry",
    "expires",
    "expired",
    "expiration",
    "certificate",
    "cert",
    "certs",
    "token",
    "tokens",
    "cookie",
    "ttl",
    "jwt",
    "valid",
    "validity",
    "cron",
    "schedule",
    "calendar",
    "date",
    "claims",
];

fn look_named<'a>(named: &Named<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !named.name.is_some_and(is_deadline) {
        return;
    }
    let begun = match peel(named.value) {
        Expr::Binary(sum) if matches!(sum.op, BinOp::Add(_)) => &*sum.left,
        Expr::MethodCall(sum) if matches!(&*sum.method.to_string(), "checked_add" | "add") => &*sum.receiver,
        _ => return,
    };
    if !is_now(begun, scope) {
        return;
    }
    found.looked(span(named.value));
    if !scope.mentions(&CALENDAR) {
        found.say(span(named.value), scope, "when this comes depends on what the clock is set to until then");
    }
}

fn look_binary<'a>(binary: &'a ExprBinary, scope: &Scope<'a>, found: &mut Found) {
    let is_order = matches!(binary.op, BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_));
    if !is_order {
        return;
    }
    let sides = [(&binary.left, &binary.right), (&binary.right, &binary.left)];
    let Some((_, deadline)) = sides.into_iter().find(|(now, _)| is_now(now, scope)) else { return };
    if !called(deadline).is_some_and(is_deadline) || !is_wall(deadline, scope) {
        return;
    }
    found.looked(span(&binary.op));
    if !scope.mentions(&CALENDAR) {
        found.say(span(binary), scope, "whether this is over depends on what the clock was set to meanwhile");
    }
}

fn is_deadline(name: &Ident) -> bool {
    says(&name.to_string(), &DEADLINES)
}

fn is_wall(expr: &Expr, scope: &Scope<'_>) -> bool {
    scope.type_of(expr).is_some_and(|kind| scope.knowledge.is(&kind.path, "wall"))
}

/// Whether this is the moment that the wall clock shows.
fn is_now(expr: &Expr, scope: &Scope<'_>) -> bool {
    let expr = peel(expr);
    let value = variable(expr).and_then(|name| scope.value(name)).map_or(expr, peel);
    let is_read = |path: &str| scope.knowledge.function(path).is_some_and(|act| act.kind == "now");
    match value {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => is_read(&scope.path(&path.path)) && is_wall(value, scope),
            _ => false,
        },
        _ => false,
    }
}
