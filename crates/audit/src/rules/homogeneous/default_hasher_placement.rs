//! A place by a hash that others compute otherwise: the rule `homogeneous::default-hasher-placement`.

use crate::look::{Call, Found, Look};
use crate::syntax::{any_expr, span};
use syn::{BinOp, Expr};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "homogeneous::default-hasher-placement",
    family: Family::Homogeneous,
    level: Level::Warn,
    title: "a place by a hash that may change with the compiler",
    page: Page {
        why: "What `DefaultHasher` computes may change with each release of Rust, and `RandomState` differs \
              in each process. Two nodes that place keys by it may each look elsewhere.",
        incident: "Half of the nodes are built with a newer compiler. They look for each key in another \
                   shard, find nothing, and write it anew there.",
        instead: "use a hash with a name and a version: xxh3, FNV, SipHash with keys that are written down",
        better: "let place = xxhash_rust::xxh3::xxh3_64(key.as_bytes());",
        alike: &[
            "a hash within one process: a map, a set, a cache, a channel of several",
            "an `impl Hash`",
            "a hash by which nothing is placed, and shards, which may be parts of one process: told at `info`",
        ],
        allow: "If one process alone places and looks, say so.",
        shows: &[],
        unshown: "all stations of a run are one program, built by one compiler",
        links: &[],
    },
    looks: &[Look::Call(look)],
};

const PLACES: [&str; 18] = [
    "node",
    "nodes",
    "peer",
    "peers",
    "shard",
    "shards",
    "partition",
    "partitions",
    "replica",
    "replicas",
    "route",
    "affinity",
    "bucket",
    "buckets",
    "owner",
    "backend",
    "backends",
    "ring",
];

/// Of these there is one each machine; a shard or a bucket may be one of several in a process.
const MEMBERS: [&str; 12] = [
    "node",
    "nodes",
    "peer",
    "peers",
    "partition",
    "partitions",
    "replica",
    "replicas",
    "owner",
    "backend",
    "backends",
    "ring",
];

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_made = ["::DefaultHasher::new", "::DefaultHasher::default", "::RandomState::new"]
        .iter()
        .any(|made| call.path.ends_with(made));
    if !is_made || !call.path.starts_with("std::") {
        return;
    }
    found.looked(call.span);
    let is_used = scope.has_name(&["finish", "hash_one"]);
    let is_random = call.path.ends_with("::RandomState::new");
    // Parts of one map, each with its lock, are places of one process.
    const INSIDE: [&str; 12] = [
        "lock", "mutex", "rwlock", "lru", "channel", "channels", "worker", "workers", "thread", "threads",
        "sender", "senders",
    ];
    let is_inside = scope.mentions(&INSIDE);
    if scope.function().is_some() && is_used && !is_inside && scope.mentions(&PLACES) {
        if !chooses(scope) || !scope.mentions(&MEMBERS) {
            let here = "if another build computes this as well, or reads it later, it may be another number";
            found.say_at(Level::Info, span(call.expr), scope, here);
            return;
        }
        let here = if is_random {
            "each process has other keys for this hash, so no two agree on a place"
        } else {
            "another release of Rust may compute another hash, and then two nodes disagree on a place"
        };
        found.say(span(call.expr), scope, here);
    }
}

/// Whether the function makes a place of a number: by a remainder, or as the best of several.
fn chooses(scope: &Scope<'_>) -> bool {
    scope.function().is_some_and(|function| {
        any_expr(function.block, |expr| match expr {
            Expr::Binary(expr) => matches!(expr.op, BinOp::Rem(_) | BinOp::RemAssign(_) | BinOp::BitAnd(_)),
            Expr::MethodCall(call) => matches!(
                &*call.method.to_string(),
                "max_by_key"
                    | "min_by_key"
                    | "max_by"
                    | "min_by"
                    | "wrapping_rem"
                    | "rem_euclid"
                    | "overflowing_rem"
                    | "checked_rem"
                    | "range"
                    | "partition_point"
                    | "binary_search"
                    | "binary_search_by"
            ),
            _ => false,
        })
    })
}
