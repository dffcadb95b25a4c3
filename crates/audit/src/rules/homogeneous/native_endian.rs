//! Bytes in the order of this machine: the rule `homogeneous::native-endian`.

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Call, Found, Look, Method};
use crate::rule::{Page, Rule};
use crate::scope::{Carrier, Scope};
use crate::syntax::{any_expr, span};

pub(crate) const RULE: Rule = Rule {
    id: "homogeneous::native-endian",
    family: Family::Homogeneous,
    level: Level::Warn,
    title: "bytes in the order of this machine, for another one",
    page: Page {
        why: "`to_ne_bytes` writes a number as this machine holds it. Another machine may hold it the other way round, and reads \
              1 as 16777216.",
        incident: "A station with another processor joins, and reads lengths of gigabytes in frames of some bytes. It drops \
                   every connection, and nobody else sees anything wrong.",
        instead: "fix the order: `to_be_bytes` and `from_be_bytes`, or `le` on both sides",
        better: "stream.write_all(&length.to_be_bytes()).await?;",
        alike: &[
            "hashing, vector instructions, calls to this machine's kernel",
            "a cache in memory, or in a file that is thrown away with the process",
            "`to_be_bytes` and `to_le_bytes`",
        ],
        allow: "The mend of `--fix` writes `to_le_bytes`: nearly every machine of today is little-endian, so that a file or a message \
                of before is still read. On the wire of a new protocol take `to_be_bytes`, the order of the network. If both sides are one machine for certain, such as over shared memory, say so.",
        shows: &[],
        unshown: "all stations of a run are one program on one machine, and hold each number alike",
        links: &["clippy::host_endian_bytes, which asks everywhere"],
    },
    looks: &[Look::Method(look_method), Look::Call(look_call)],
};

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if method.name == "to_ne_bytes" {
        judge(method.expr.method.span(), span(method.expr), scope, found);
    }
}

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    if call.path.ends_with("::from_ne_bytes") {
        judge(call.span, span(call.expr), scope, found);
    }
}

fn judge(place: proc_macro2::Span, whole: proc_macro2::Span, scope: &Scope<'_>, found: &mut Found) {
    found.looked(place);
    let is_own = scope.mentions(&[
        "hash",
        "hasher",
        "simd",
        "ioctl",
        "netlink",
        "syscall",
        "cmsg",
        "mmap",
        "setsockopt",
        "getsockopt",
    ]);
    if !is_own && (scope.reads_network() || writes_network(scope)) {
        found.say(
            whole,
            scope,
            "this function speaks with another machine, which may hold numbers the other way round",
        );
    }
}

pub(super) fn writes_network(scope: &Scope<'_>) -> bool {
    let Some(function) = scope.function() else { return false };
    any_expr(function.block, |expr| match expr {
        syn::Expr::MethodCall(call) => {
            let name = call.method.to_string();
            let is_write = name.starts_with("write") || matches!(&*name, "send" | "send_to" | "send_all");
            is_write && matches!(scope.carrier(&call.receiver), Carrier::Socket | Carrier::Buffered)
        }
        _ => false,
    })
}
