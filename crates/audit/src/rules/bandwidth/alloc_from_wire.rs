//! As much memory as a stranger asks for: the rule `bandwidth::alloc-from-wire`.

use syn::{BinOp, Expr, ExprCall, Ident, Macro};

use crate::bodies::Body;
use crate::family::Family;
use crate::finding::Level;
use crate::look::{Call, Found, Invoked, Look, Method};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{Part, any, ends_with, peel, span, variable};

pub(crate) const RULE: Rule = Rule {
    id: "bandwidth::alloc-from-wire",
    family: Family::Bandwidth,
    level: Level::Deny,
    title: "as much memory as the other side asks for",
    page: Page {
        why: "A length that came over the network is a number that somebody else wrote. Who takes memory by it before looking \
              at it gives to whoever sends four bytes.",
        incident: "A scanner sends `GET ` to a port of ours, which is taken for a length of 1.2 GB. Each connection asks for as \
                   much, and the node is killed for its memory.",
        instead: "refuse what is longer than the longest frame, before memory is taken",
        better: "let length = stream.read_u32().await?;\n\
                 if length > FRAME_BYTES_MAX {\n    return Err(Error::TooLong(length));\n}\n\
                 let mut frame = vec![0; length as usize];",
        alike: &[
            "a length that is compared with something first, or cut by `min` or `clamp`",
            "a length of one or two bytes, which asks for 64 KiB at most",
            "a length that was read from a file of one's own",
            "a buffer that grows with what arrives, up to a limit",
        ],
        allow: "If the bytes come from this machine, or were authenticated before, say how.",
        shows: &[],
        unshown: "no run here counts the memory of a machine",
        links: &["CodeQL's `rust/uncontrolled-allocation-size`, which follows data across functions"],
    },
    looks: &[Look::Call(look_call), Look::Method(look_method), Look::Macro(look_macro)],
};

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_alloc = scope.knowledge.function(&call.path).is_some_and(|act| act.kind == "alloc");
    if let Some(length) = call.expr.args.first().filter(|_| is_alloc) {
        judge(length, span(call.expr), scope, found);
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if matches!(&*method.name, "resize" | "reserve" | "reserve_exact")
        && let Some(length) = method.expr.args.first()
    {
        judge(length, span(method.expr), scope, found);
    }
}

fn look_macro<'a>(invoked: &Invoked<'a>, scope: &Scope<'a>, found: &mut Found) {
    if let (true, Some(Body::Repeat(_, length))) = (invoked.name == "vec", invoked.body) {
        let start = invoked.expr.path.segments[0].ident.span();
        let whole = start.join(invoked.expr.delimiter.span().close()).unwrap_or(start);
        judge(length, whole, scope, found);
    }
}

fn judge<'a>(length: &'a Expr, place: proc_macro2::Span, scope: &Scope<'a>, found: &mut Found) {
    let steps = scope.made_of(length);
    let Some(from) = steps.last().and_then(|last| read_by(last, scope)) else { return };
    if !scope.reads_network() {
        return;
    }
    found.looked(place);
    let names: Vec<&Ident> = steps.iter().filter_map(|step| variable(step)).collect();
    if !is_looked_at(&names, scope) {
        let what = names.first().map_or("this".to_owned(), |name| format!("`{name}`"));
        let here = format!(
            "{what} comes from `{from}`, and nothing says how large it may be before memory is taken"
        );
        found.say(place, scope, here);
    }
}

/// What read a length off the wire, if this did.
fn read_by(expr: &Expr, scope: &Scope<'_>) -> Option<String> {
    let (name, act) = match expr {
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            let act = scope.knowledge.method(None, &name);
            (name, act)
        }
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else { return None };
            let name = scope.path(&path.path);
            let act = scope.knowledge.function(&name);
            (name, act)
        }
        _ => return None,
    };
    act.filter(|act| act.kind == "length").map(|_| name)
}

/// Whether the function compares one of these with something, cuts it, or hands it to what may do so.
fn is_looked_at(names: &[&Ident], scope: &Scope<'_>) -> bool {
    let Some(function) = scope.function() else { return false };
    let is_it = |expr: &Expr| variable(peel(expr)).is_some_and(|name| names.contains(&name));
    let is_check = |invoked: &Macro| {
        const CHECKS: [&str; 5] = ["ensure", "assert", "debug_assert", "require", "matches"];
        let tokens = || scope.source.range(invoked.delimiter.span().join());
        CHECKS.iter().any(|name| ends_with(&invoked.path, name))
            && names.iter().any(|name| scope.source.has_name(&tokens(), &name.to_string()))
    };
    any(function.block, |part| match part {
        Part::Expr(Expr::Binary(expr)) => {
            is_comparison(&expr.op) && (is_it(&expr.left) || is_it(&expr.right))
        }
        Part::Expr(Expr::MethodCall(call)) => {
            const CUTS: [&str; 5] = ["min", "clamp", "contains", "cmp", "checked_sub"];
            let is_cut = CUTS.iter().any(|name| call.method == name);
            is_cut && (is_it(&call.receiver) || call.args.iter().any(is_it))
        }
        Part::Expr(Expr::Match(found)) => is_it(&found.expr),
        Part::Expr(Expr::Call(call)) => may_look(call, scope) && call.args.iter().any(is_it),
        Part::Macro(invoked) => is_check(invoked),
        Part::Expr(_) => false,
    })
}

fn is_comparison(op: &BinOp) -> bool {
    matches!(op, BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) | BinOp::Eq(_))
}

/// Whether a function may look at a length that it is handed; those that convert or take memory do not.
fn may_look(call: &ExprCall, scope: &Scope<'_>) -> bool {
    let Expr::Path(path) = &*call.func else { return true };
    let is_alloc = scope.knowledge.function(&scope.path(&path.path)).is_some_and(|act| act.kind == "alloc");
    let is_passed_on = ["from", "try_from", "Ok", "Some"].iter().any(|name| ends_with(&path.path, name));
    !is_alloc && !is_passed_on
}
