//! A place by remainder: the rule `topology::hash-mod-members`.

use syn::{BinOp, Expr, ExprBinary};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{called, peel, span, variable};
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "topology::hash-mod-members",
    family: Family::Topology,
    level: Level::Warn,
    title: "a place by remainder of the number of nodes",
    page: Page {
        why: "The remainder by `n` has nothing to do with that by `n + 1`: when a node comes or goes, nearly every key belongs \
              elsewhere, `n` of `n + 1` of them.",
        incident: "A fifth cache is added to four in the afternoon, and four of five keys are looked for where they are not. All \
                   of them are asked of the database at once, which does not survive it.",
        instead: "use rendezvous or consistent hashing, by which one key in `n + 1` moves",
        better: "let owner = nodes.iter().max_by_key(|node| hash(key, node.id));",
        alike: &[
            "taking turns: a counter on the left, `fetch_add`, `(at + step) % nodes.len()`",
            "a random choice, for which no key is looked for again",
            "a fixed number of buckets or slots, which are given to nodes by a table",
        ],
        allow: "If the number of members is fixed for the life of the data, say what holds it.",
        shows: &[],
        unshown: "no run here gives a key to another station when one comes or goes",
        links: &[],
    },
    looks: &[Look::Binary(look)],
};

const MEMBERS: [&str; 18] = [
    "node",
    "nodes",
    "peer",
    "peers",
    "shard",
    "shards",
    "server",
    "servers",
    "replica",
    "replicas",
    "member",
    "members",
    "broker",
    "brokers",
    "backend",
    "backends",
    "hosts",
    "endpoints",
];

/// What stands on the left where turns are taken, or luck decides.
const TURNS: [&str; 24] = [
    "count", "j", "view", "term", "sequence", "counter", "next", "rr", "robin", "turn", "rand", "random",
    "gen", "rng", "cursor", "round", "attempt", "attempts", "current", "index", "idx", "i", "offset", "tick",
];

fn look<'a>(binary: &'a ExprBinary, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(binary.op, BinOp::Rem(_)) || !counts_members(&binary.right, scope) {
        return;
    }
    found.looked(span(&binary.op));
    // Parts of one map, each with its lock, are no nodes.
    let is_inside = scope.mentions(&["lock", "mutex", "rwlock", "lru"]) || is_structure(scope);
    if !is_inside && !takes_turns(&binary.left, scope) {
        let here = "when their number changes, nearly every key belongs elsewhere";
        if is_hashed(&binary.left, scope) {
            found.say(span(binary), scope, here);
        } else {
            let here =
                "if this is where something is kept, nearly all of it is elsewhere when their number changes";
            found.say_at(Level::Info, span(binary), scope, here);
        }
    }
}

/// Whether the type around is one structure in memory, by its name.
fn is_structure(scope: &Scope<'_>) -> bool {
    const STRUCTURES: [&str; 9] =
        ["sharded", "cache", "lru", "filter", "map", "set", "table", "queue", "interner"];
    let Some(owner) = scope.self_type else { return false };
    says(&scope.source.text[scope.source.range(span(owner))], &STRUCTURES)
}

/// Whether this is the number of members: `nodes.len()`, or a variable that was made of it.
fn counts_members(expr: &Expr, scope: &Scope<'_>) -> bool {
    let expr = peel(expr);
    let expr = variable(expr).and_then(|name| scope.value(name)).map_or(expr, peel);
    match expr {
        Expr::MethodCall(call) if matches!(&*call.method.to_string(), "len" | "count") => {
            called(&call.receiver).is_some_and(|name| says(&name.to_string(), &MEMBERS))
        }
        _ => false,
    }
}

const HASHES: [&str; 10] =
    ["hash", "hasher", "key", "digest", "crc", "murmur", "fnv", "checksum", "sha", "siphash"];

/// Whether the left side is a hash or a key, by its name or by what it was made of.
fn is_hashed<'a>(expr: &'a Expr, scope: &Scope<'a>) -> bool {
    scope
        .made_of(expr)
        .into_iter()
        .any(|step| scope.source.mentions(&scope.source.range(span(step)), &HASHES))
}

/// Whether the left side counts up or is drawn by lot, and is no key.
fn takes_turns(expr: &Expr, scope: &Scope<'_>) -> bool {
    let expr = peel(expr);
    let range = scope.source.range(span(expr));
    let is_turn = scope.source.mentions(&range, &TURNS) || scope.source.has_name(&range, "fetch_add");
    // A place and a step is a place further round the ring.
    let is_step = matches!(expr, Expr::Binary(step) if matches!(step.op, BinOp::Add(_) | BinOp::Sub(_)));
    let is_made_so = variable(expr)
        .and_then(|name| scope.value(name))
        .is_some_and(|value| scope.source.mentions(&scope.source.range(span(value)), &TURNS));
    let is_hash = scope.source.mentions(&range, &HASHES);
    !is_hash && (is_turn || is_step || is_made_so)
}
