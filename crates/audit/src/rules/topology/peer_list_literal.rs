//! Who is there, as a list in the text: the rule `topology::peer-list-literal`.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::{Expr, Macro, Stmt};

use crate::bodies::Body;
use crate::look::{Found, Look, Named};
use crate::scope::{Function, Scope};
use crate::syntax::{peel, span, text};
use crate::words::says;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "topology::peer-list-literal",
    family: Family::Topology,
    level: Level::Warn,
    title: "a list of nodes in the text of the program",
    page: Page {
        why: "Nodes come and go more often than programs are built. A list in the text is right on the day \
              that it is written.",
        incident: "Node 2 is replaced by node 4 after a fire. Old builds go on asking node 2, and half of \
                   them cannot find a majority, as if cut off in the Antarctic partition.",
        instead: "read the members from a setting or from who is there, and learn of changes",
        better: "let seeds = settings.seeds.clone();",
        alike: &[
            "lists that stand for something else: networks, origins, examples of a parser",
            "addresses of this machine",
            "one address",
        ],
        allow: "If it is where a node begins to ask before it learns of the others, and can be set, say so.",
        shows: &["run conjunction --step at=500ms,do=leave,node=atlantic"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Named(look_named), Look::Function(look_function)],
};

const MEMBERS: [&str; 18] = [
    "peer",
    "peers",
    "node",
    "nodes",
    "seed",
    "seeds",
    "member",
    "members",
    "broker",
    "brokers",
    "replica",
    "replicas",
    "server",
    "servers",
    "cluster",
    "endpoints",
    "hosts",
    "bootstrap",
];

fn look_named<'a>(named: &Named<'a>, scope: &Scope<'a>, found: &mut Found) {
    if named.name.is_some_and(|name| says(&name.to_string(), &MEMBERS)) {
        judge(named.value, scope, found);
    }
}

/// A function that is called so and gives the list.
fn look_function<'a>(function: &Function<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !says(&function.name, &MEMBERS) {
        return;
    }
    match function.block.stmts.last() {
        Some(Stmt::Expr(value, None)) => judge(value, scope, found),
        Some(Stmt::Macro(made)) if made.semi_token.is_none() => {
            judge_macro(&made.mac, span(&made.mac), scope, found);
        }
        _ => {}
    }
}

fn judge(value: &Expr, scope: &Scope<'_>, found: &mut Found) {
    match peel(value) {
        Expr::Array(list) => judge_list(list.elems.iter(), span(list), scope, found),
        Expr::Macro(made) => judge_macro(&made.mac, span(made), scope, found),
        // `["…", "…"].map(String::from)`, `vec![…].into_iter().collect()`
        Expr::MethodCall(call) => judge(&call.receiver, scope, found),
        _ => {}
    }
}

fn judge_macro(made: &Macro, place: Span, scope: &Scope<'_>, found: &mut Found) {
    if let Some(Body::List(list)) = scope.bodies.get(made) {
        judge_list(list.iter(), place, scope, found);
    }
}

fn judge_list<'e>(list: impl Iterator<Item = &'e Expr>, place: Span, scope: &Scope<'_>, found: &mut Found) {
    let addresses: BTreeSet<String> = list.filter_map(address).collect();
    if addresses.is_empty() {
        return;
    }
    found.looked(place);
    if addresses.len() >= 2 {
        let here =
            format!("these {} are asked until the next build, whoever is there by then", addresses.len());
        found.say(place, scope, here);
    }
}

/// The address of another machine, if this text is one: `host:port`, with or without a scheme.
fn address(expr: &Expr) -> Option<String> {
    let value = match peel(expr) {
        Expr::MethodCall(call) => text(&call.receiver)?.value(),
        Expr::Call(call) => text(call.args.first()?)?.value(),
        other => text(other)?.value(),
    };
    let rest = value.split_once("://").map_or(&*value, |(_, rest)| rest).trim_end_matches('/');
    let (host, port) = rest.rsplit_once(':')?;
    let is_host = !host.is_empty()
        && host.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_[]:".contains(letter));
    let is_port = (2..=5).contains(&port.len()) && port.bytes().all(|digit| digit.is_ascii_digit());
    let is_own = ["localhost", "127.", "0.0.0.0", "[::1]", "[::]"].iter().any(|own| host.starts_with(own))
        || host.contains("example");
    // `21:34` is a time.
    let is_time = host.bytes().all(|digit| digit.is_ascii_digit());
    (is_host && is_port && !is_own && !is_time).then(|| rest.to_owned())
}
