//! A majority as a number: the rule `topology::literal-quorum`.

use syn::{BinOp, Expr, ExprBinary};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{called, number, peel, span};
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "topology::literal-quorum",
    family: Family::Topology,
    level: Level::Warn,
    title: "a majority that is written as a number",
    page: Page {
        why: "Two is a majority of three, and none of five. When members are added the number stays, and two groups can each \
              believe that they are the majority.",
        incident: "Three stations become five, and the number of votes stays two. In a partition such as \
                   the Antarctic one each side elects a leader.",
        instead: "derive it from the members: more than half of them",
        better: "if votes > members.len() / 2 { self.lead(); }",
        alike: &[
            "a comparison with what is computed from the members",
            "a comparison with 0 or 1, which asks whether there is any",
            "counts of other things: bytes, attempts",
        ],
        allow: "If the members are fixed by the protocol, say so.",
        shows: &["hunt specimen:election/half", "hunt specimen:quorum-register/read-one"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Binary(look)],
};

const VOTES: [&str; 9] = [
    "votes",
    "acks",
    "granted",
    "replies",
    "confirmations",
    "acknowledged",
    "approvals",
    "promises",
    "accepts",
];

fn look<'a>(binary: &'a ExprBinary, scope: &Scope<'a>, found: &mut Found) {
    let is_order =
        matches!(binary.op, BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) | BinOp::Eq(_));
    if !is_order {
        return;
    }
    let sides = [(&binary.left, &binary.right), (&binary.right, &binary.left)];
    let Some((count, other)) = sides.into_iter().find(|(count, _)| counts_votes(count)) else { return };
    found.looked(span(&binary.op));
    if let Some(literal) = number(peel(other)).filter(|literal| *literal >= 2) {
        let name = called(count_of(count)).map_or(String::new(), ToString::to_string);
        let here = format!("`{name}` is compared with {literal}, however many members there are");
        found.say(span(binary), scope, here);
    }
}

/// What is counted: `votes` of `votes.len()`.
fn count_of(expr: &Expr) -> &Expr {
    match peel(expr) {
        Expr::MethodCall(call) if matches!(&*call.method.to_string(), "len" | "count") => &call.receiver,
        expr => expr,
    }
}

fn counts_votes(expr: &Expr) -> bool {
    called(count_of(expr)).is_some_and(|name| says(&name.to_string(), &VOTES))
}
