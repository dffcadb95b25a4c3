//! The last write wins: by whose clock is it the last: the rule `clock::lww-wallclock`.

use proc_macro2::Span;
use syn::{BinOp, Expr, ExprBinary};

use crate::look::{Found, Look, Method};
use crate::syntax::{called, peel, span};
use crate::words::says;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "clock::lww-wallclock",
    family: Family::Clock,
    level: Level::Warn,
    title: "of two writes the later wins, by clocks of two machines",
    page: Page {
        why: "Two machines do not agree on what time it is. Of two writes the one with the later stamp is not \
              the later one, and the other is lost without a trace.",
        incident: "One node is two minutes ahead. For two minutes after each of its writes every other \
                   write to the same key is accepted, acknowledged, and thrown away, as one of the two \
                   updates of MSS-17 was.",
        instead: "order by versions: a logical clock, a vector, a hybrid clock with a bound; or keep both and \
                  say so",
        better: "match ours.version.partial_cmp(&theirs.version) {\n\
\x20   None => keep_both(ours, theirs),\n\
\x20   order => newer(order, ours, theirs),\n\
                 }",
        alike: &[
            "sorting to show, or to throw away what is old",
            "stamps of one machine",
            "a logical, vector or hybrid clock",
        ],
        allow: "If losing one of two writes does no harm, such as of a cursor on a screen, say so.",
        shows: &["run mss-17 --resolver wall-lww", "sweep mss-17", "hunt specimen:lww-register/wall-clock"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Binary(look_binary), Look::Method(look_method)],
};

/// Where two copies become one.
const MERGES: [&str; 9] =
    ["merge", "resolve", "reconcile", "conflict", "conflicts", "winner", "lww", "converge", "repair"];

const STAMPS: [&str; 9] =
    ["timestamp", "updated", "modified", "mtime", "ts", "stamp", "written", "wall", "changed"];

/// Clocks that order.
const LOGICAL: [&str; 8] = ["lamport", "hlc", "hybrid", "vector", "logical", "truetime", "causal", "dotted"];

fn look_binary<'a>(binary: &'a ExprBinary, scope: &Scope<'a>, found: &mut Found) {
    let is_order = matches!(binary.op, BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_));
    if is_order && is_pair(&binary.left, &binary.right) {
        judge(span(binary), scope, found);
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(argument) = method.expr.args.first() else { return };
    let is_choice = match &*method.name {
        "max_by_key" | "min_by_key" | "max_by" | "min_by" => {
            scope.source.mentions(&scope.source.range(span(argument)), &STAMPS)
        }
        "cmp" | "partial_cmp" | "gt" | "lt" => is_pair(&method.expr.receiver, argument),
        _ => return,
    };
    if is_choice {
        judge(span(method.expr), scope, found);
    }
}

/// Whether these are the same stamp of two things.
fn is_pair(one: &Expr, other: &Expr) -> bool {
    let stamp = |expr| match peel(expr) {
        Expr::Field(_) => called(expr),
        _ => None,
    };
    match (stamp(one), stamp(other)) {
        (Some(one), Some(other)) => one == other && says(&one.to_string(), &STAMPS),
        _ => false,
    }
}

fn judge(place: Span, scope: &Scope<'_>, found: &mut Found) {
    found.looked(place);
    // To sort decides nothing, and of a choice the whole is told.
    let is_within = scope.around().any(|expr| match expr {
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            name.starts_with("sort") || matches!(&*name, "max_by" | "min_by")
        }
        _ => false,
    });
    if is_within {
        return;
    }
    let Some(function) = scope.function() else { return };
    let owner = scope
        .self_type
        .map_or(String::new(), |owner| scope.source.text[scope.source.range(span(owner))].to_owned());
    let is_merge = says(&function.name, &MERGES) || says(&owner, &["lww", "conflict", "merge", "resolver"]);
    if is_merge && !scope.mentions(&LOGICAL) && !says(&owner, &LOGICAL) {
        let here =
            "which of two writes is kept depends on whose clock is ahead: are these stamps of one machine?";
        found.say(place, scope, here);
    }
}
