//! A span of time by a clock that steps: the rule `clock::systemtime-elapsed`.

use syn::Expr;

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look, Method};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{called, peel, span, variable};
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "clock::systemtime-elapsed",
    family: Family::Clock,
    level: Level::Deny,
    title: "a span of time by a clock that steps",
    page: Page {
        why: "A wall clock is set: by NTP, by an operator, by a leap second. The difference of two of its readings is then no \
              time that passed, and may be negative, which `SystemTime` says by an error.",
        incident: "At the leap second of 2017 a resolver measured a negative round trip, which its code held to be impossible, \
                   and stopped answering. A clock that is set back by NTP does the same on any other day.",
        instead: "measure with `Instant`, whose readings never go back",
        better: "let begun = Instant::now();\nwork();\nlet took = begun.elapsed();",
        alike: &[
            "the age of a file: what `modified()` gives is a wall time, and only a wall clock can be compared with it",
            "`duration_since(UNIX_EPOCH)`, which is a stamp and no span",
            "a time that came in a message or from a certificate, and how long until one comes",
        ],
        allow: "It counts as `warn`, and as `deny` where the error is unwrapped: then a clock that is set back ends the thread. \
                If the span must count while the machine sleeps, say so: a monotonic clock may stand still then.",
        shows: &["hunt specimen:lease/wall-clock"],
        unshown: "",
        links: &["clippy::manual_instant_elapsed, for `Instant`"],
    },
    looks: &[Look::Method(look)],
};

fn look<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let begun = match &*method.name {
        "elapsed" => &*method.expr.receiver,
        "duration_since" => match method.expr.args.first() {
            Some(begun) => begun,
            None => return,
        },
        _ => return,
    };
    let is_wall =
        |expr: &Expr| scope.type_of(expr).is_some_and(|kind| scope.knowledge.is(&kind.path, "wall"));
    if !is_wall(&method.expr.receiver) && !is_wall(begun) {
        return;
    }
    found.looked(method.expr.method.span());
    // How long until a moment that was not read here is told by the calendar.
    let is_ahead = method.name == "duration_since"
        && is_reading(begun, scope)
        && !is_reading(&method.expr.receiver, scope);
    if is_ahead {
        return;
    }
    let Some(seen) = seen(begun, scope) else { return };
    // What is a wrong number otherwise ends the thread.
    if panics(method, scope) {
        let here = format!("{seen}; if it was set back, this panics");
        found.say(span(method.expr), scope, here);
    } else {
        found.say_at(Level::Warn, span(method.expr), scope, seen);
    }
}

/// Whether the error that a clock gives that was set back is unwrapped.
fn panics(method: &Method<'_>, scope: &Scope<'_>) -> bool {
    let around = scope.around().find(|around| !matches!(around, Expr::Paren(_)));
    let Some(Expr::MethodCall(call)) = around else { return false };
    let mut asked = &*call.receiver;
    while let Expr::Paren(inner) = asked {
        asked = &inner.expr;
    }
    let is_ours = matches!(asked, Expr::MethodCall(asked) if std::ptr::eq(asked, method.expr));
    is_ours && matches!(&*call.method.to_string(), "unwrap" | "expect")
}

/// What is seen of a moment that the wall clock showed: it was read here, by `now()`, or is in a field that says that something
/// began; nothing of any other.
fn seen<'e>(begun: &'e Expr, scope: &Scope<'e>) -> Option<String> {
    const BEGUN: [&str; 7] = ["start", "started", "begin", "begun", "began", "since", "last"];
    // When a file was written is a wall time, whoever keeps it.
    const OF_FILES: [&str; 6] = ["modified", "modification", "mtime", "accessed", "created", "written"];
    if is_reading(begun, scope) {
        return Some("both readings are of the wall clock, which may be set between them".to_owned());
    }
    let name = match value_of(begun, scope) {
        value @ Expr::Field(_) => called(value)?.to_string(),
        _ => return None,
    };
    let is_begun = says(&name, &BEGUN) && !says(&name, &OF_FILES);
    is_begun.then(|| format!("`{name}` holds what a wall clock showed, which may have been set since"))
}

/// Whether this is what the wall clock shows, or showed.
fn is_reading<'e>(expr: &'e Expr, scope: &Scope<'e>) -> bool {
    match value_of(expr, scope) {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => scope.path(&path.path) == "std::time::SystemTime::now",
            _ => false,
        },
        _ => false,
    }
}

fn value_of<'e>(expr: &'e Expr, scope: &Scope<'e>) -> &'e Expr {
    let expr = peel(expr);
    variable(expr).and_then(|name| scope.value(name)).map_or(expr, peel)
}
