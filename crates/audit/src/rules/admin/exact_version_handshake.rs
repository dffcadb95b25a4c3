//! Only one's own version is spoken with: the rule `admin::exact-version-handshake`.

use syn::{BinOp, Expr, ExprBinary};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{Part, any, called, ends_with, number, peel, span};
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "admin::exact-version-handshake",
    family: Family::Admin,
    level: Level::Warn,
    title: "a peer of any other version is refused",
    page: Page {
        why: "Nodes are upgraded one after the other, by people who do not know of each other. For as long as that takes there \
              are two versions, and who speaks only with its own has a partition.",
        incident: "A rolling upgrade reaches the third of six nodes, and three old ones no longer speak \
                   with three new ones. Neither half is a majority, and nothing is written until somebody \
                   goes back: the Antarctic partition, made by hand.",
        instead: "say which versions are understood, and take the newest that both do",
        better: "let version = ours.iter().rev().find(|version| theirs.contains(version)).ok_or(Error::NoCommonVersion)?;",
        alike: &[
            "a range, a minimum, a list of what is supported",
            "the format of a file",
            "a version that a standard fixes, such as the 5 of SOCKS",
        ],
        allow: "If nodes of two versions must never meet, say how an upgrade is done.",
        shows: &["run antarctic --groups 3,3,1 --policy majority"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Binary(look)],
};

fn look<'a>(binary: &'a ExprBinary, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(binary.op, BinOp::Ne(_)) {
        return;
    }
    let range = scope.source.range(span(binary));
    let is_version = |expr: &Expr| called(expr).is_some_and(|name| says(&name.to_string(), &["version"]));
    let is_theirs =
        scope.source.mentions(&range, &["their", "theirs", "peer", "remote", "handshake", "hello"]);
    let sides = [&binary.left, &binary.right];
    let is_fixed = sides.iter().any(|side| number(peel(side)).is_some());
    if !is_theirs || !sides.iter().any(|side| is_version(side)) || is_fixed {
        return;
    }
    found.looked(span(&binary.op));
    if scope.mentions(&[
        "min",
        "max",
        "supported",
        "compat",
        "compatible",
        "range",
        "supports",
        "negotiate",
        "oldest",
    ]) {
        return;
    }
    let refuses = scope.around().find_map(|expr| match expr {
        Expr::If(found) => Some(any(&found.then_branch, is_refusal)),
        _ => None,
    });
    if refuses == Some(true) {
        found.say(
            span(binary),
            scope,
            "while nodes are upgraded, those of the other version are refused here",
        );
    }
}

fn is_refusal(part: Part<'_>) -> bool {
    match part {
        Part::Expr(Expr::Return(found)) => found.expr.is_some(),
        Part::Expr(Expr::Call(call)) => called(&call.func).is_some_and(|name| name == "Err"),
        Part::Expr(Expr::MethodCall(call)) => {
            matches!(&*call.method.to_string(), "close" | "shutdown" | "disconnect")
        }
        Part::Macro(invoked) => ends_with(&invoked.path, "bail"),
        Part::Expr(_) => false,
    }
}
