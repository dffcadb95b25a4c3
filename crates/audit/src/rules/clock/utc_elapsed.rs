//! How long it took, by the calendar: the rule `clock::utc-elapsed`.

use proc_macro2::Span;
use syn::{BinOp, Expr, ExprBinary};

use crate::effort;
use crate::look::{Found, Look, Method};
use crate::syntax::{called, peel, span, variable};
use crate::words::says;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "clock::utc-elapsed",
    family: Family::Clock,
    level: Level::Warn,
    title: "a duration measured by the calendar",
    page: Page {
        why: "The calendar is set by others: by hand, by a server of time, by a leap second. What lies \
              between two readings of it may be anything, and less than nothing.",
        incident: "The clock of a station is set back by three seconds during an election. The heartbeat is \
                   three seconds in the future, and the dead leader stays.",
        instead: "measure with `Instant`, which only goes forward",
        better: "let begun = Instant::now();\n\
                 work();\n\
                 let took = begun.elapsed();",
        alike: &[
            "how old something is that comes from elsewhere: a signature, a file, a row",
            "a look back: everything of the last hour",
            "how long until something that the calendar says, such as the end of a certificate",
        ],
        allow: "If the process may sleep and the time asleep counts, say so: `Instant` may not count it.",
        shows: &["hunt specimen:lease/wall-clock"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Binary(look_binary), Look::Method(look_method)],
};

fn look_binary<'a>(binary: &'a ExprBinary, scope: &Scope<'a>, found: &mut Found) {
    if matches!(binary.op, BinOp::Sub(_)) {
        judge(&binary.left, &binary.right, span(binary), scope, found);
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_since = matches!(&*method.name, "signed_duration_since" | "duration_since" | "sub");
    if let Some(begun) = method.expr.args.first().filter(|_| is_since) {
        judge(&method.expr.receiver, begun, span(method.expr), scope, found);
    }
}

fn judge<'a>(end: &'a Expr, begun: &'a Expr, place: Span, scope: &Scope<'a>, found: &mut Found) {
    if !is_reading(end, scope) {
        return;
    }
    found.looked(place);
    if is_reading(begun, scope) || is_own_field(begun, scope) {
        let here = "both readings are of the calendar of this machine, which may be set between them";
        found.say(place, scope, here);
    }
}

/// Whether this was read from the calendar here: `Utc::now()`, or a variable that was.
fn is_reading(expr: &Expr, scope: &Scope<'_>) -> bool {
    let expr = peel(expr);
    let value = variable(expr).and_then(|name| scope.value(name)).map_or(expr, peel);
    let Expr::Call(call) = value else { return false };
    let Expr::Path(path) = &*call.func else { return false };
    let path = scope.path(&path.path);
    // That of `std` has a rule of its own.
    let is_now = scope.knowledge.function(&path).is_some_and(|act| act.kind == "now");
    is_now && scope.type_of(value).is_some_and(|kind| is_calendar(&kind.path, scope))
}

fn is_calendar(path: &str, scope: &Scope<'_>) -> bool {
    scope.knowledge.is(path, "wall") && !path.starts_with("std::")
}

/// Whether this is a field that says when something of this process began.
fn is_own_field(begun: &Expr, scope: &Scope<'_>) -> bool {
    let Expr::Field(_) = peel(begun) else { return false };
    let is_moment = scope.type_of(begun).is_some_and(|kind| is_calendar(&kind.path, scope));
    let Some(name) = called(begun).map(ToString::to_string).filter(|_| is_moment) else { return false };
    const BEGUN: [&str; 8] =
        ["start", "started", "begin", "began", "begun", "since", "heartbeat", "heartbeats"];
    says(&name, &BEGUN) || says(&name, &["last", "previous"]) && is_set_here(&name, scope)
}

/// Whether this file sets a field to the moment that is: `last_beat: Utc::now()`.
fn is_set_here(name: &str, scope: &Scope<'_>) -> bool {
    let text = scope.source.text;
    // Of a name that is everywhere, or in a line that does not end, each place takes as long as what is behind it.
    let steps = |text: &str| effort::spend(text.len() as u64 / 8 + 1);
    steps(text)
        && text.match_indices(name).any(|(at, _)| {
            let behind = text[at + name.len()..].trim_start();
            let value = behind.strip_prefix(':').or_else(|| behind.strip_prefix('='));
            value.is_some_and(|value| {
                let end = value.find([',', ';', '\n']).unwrap_or(value.len());
                steps(&value[..end]) && value[..end].contains("::now")
            })
        })
}
