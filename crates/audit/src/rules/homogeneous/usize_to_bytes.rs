//! As many bytes as this machine's addresses have: the rule `homogeneous::usize-to-bytes`.

use syn::Expr;

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Call, Found, Look, Method};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{span, variable};

pub(crate) const RULE: Rule = Rule {
    id: "homogeneous::usize-to-bytes",
    family: Family::Homogeneous,
    level: Level::Info,
    title: "a length in as many bytes as this machine's addresses have",
    page: Page {
        why: "`usize` has eight bytes here and four elsewhere. Its bytes are no format: who reads them on another machine takes \
              too many or too few, and everything behind them is shifted.",
        incident: "A sensor with a 32-bit processor reads the first half of a length, and takes the second half for the frame. \
                   It reports that every frame is empty.",
        instead: "convert to a type of a fixed width first: `u32::try_from(…)`",
        better: "let length = u32::try_from(frame.len())?;\nout.extend(length.to_be_bytes());",
        alike: &[
            "`(frame.len() as u32).to_be_bytes()` and `u32::try_from(frame.len())?`",
            "a `usize` in a structure that serde writes, which makes it 64 bits wide",
        ],
        allow: "If the bytes never leave this process, say so.",
        shows: &[],
        unshown: "all stations of a run are one program on one machine, and hold each number alike",
        links: &[],
    },
    looks: &[Look::Method(look_method), Look::Call(look_call)],
};

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(&*method.name, "to_be_bytes" | "to_le_bytes" | "to_ne_bytes") {
        return;
    }
    found.looked(method.expr.method.span());
    if is_inside(scope) || method.name == "to_ne_bytes" && !speaks_network(scope) {
        return;
    }
    // Cut to a fixed number of bytes, the first are the same on all machines.
    let is_cut =
        matches!(scope.around().next(), Some(Expr::Index(cut)) if matches!(&*cut.index, Expr::Range(_)));
    if is_cut && method.name == "to_le_bytes" {
        return;
    }
    let receiver = &method.expr.receiver;
    if is_length(receiver, scope) || scope.type_of(receiver).is_some_and(|kind| kind.path == "usize") {
        found.say(span(method.expr), scope, "this is a `usize`: eight bytes on this machine, four on others");
    }
}

/// Whether this is `x.len()`, or a variable that is.
fn is_length(expr: &Expr, scope: &Scope<'_>) -> bool {
    let is_len =
        |expr: &Expr| matches!(expr, Expr::MethodCall(call) if call.method == "len" && call.args.is_empty());
    let expr = bare(expr);
    is_len(expr) || variable(expr).and_then(|name| scope.value(name)).is_some_and(|value| is_len(bare(value)))
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => &inner.expr,
        other => other,
    }
}

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    if matches!(&*call.path, "usize::from_be_bytes" | "usize::from_le_bytes" | "usize::from_ne_bytes") {
        found.looked(call.span);
        let is_own = call.path.ends_with("from_ne_bytes") && !speaks_network(scope);
        if !is_own && !is_inside(scope) {
            found.say(span(call.expr), scope, "this reads as many bytes as this machine's addresses have");
        }
    }
}

/// Whether a hash or a pointer is made here, which is no message.
fn is_inside(scope: &Scope<'_>) -> bool {
    scope.mentions(&["hash", "hasher", "pointer", "ptr", "simd", "digest"])
        || scope.has_name(&["write_usize"])
}

/// What is in this machine's own order stays on it, as long as nothing here speaks with another.
fn speaks_network(scope: &Scope<'_>) -> bool {
    scope.reads_network() || super::native_endian::writes_network(scope)
}
