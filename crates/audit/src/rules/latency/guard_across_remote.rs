//! A lock is held for as long as another machine takes: the rule `latency::guard-across-remote`.

use proc_macro2::Span;
use syn::{Expr, Ident};

use crate::effort;
use crate::knowledge::Act;
use crate::look::{Call, Found, Look, Method};
use crate::scope::{Carrier, Origin, Scope};
use crate::syntax::{any_expr, called, peel, span, variable};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "latency::guard-across-remote",
    family: Family::Latency,
    level: Level::Info,
    title: "a lock is held while another machine is waited for",
    page: Page {
        why: "Whoever needs the lock waits for the slowest peer. Two nodes that hold theirs while they ask \
              each other wait for ever.",
        incident: "One peer of five is silent, as MSS-23 was for 48 s, and the table of links is locked \
                   while it is dialled. Nobody can speak with the other four.",
        instead: "take what is needed out of the lock, let it go, and then ask",
        better: "let peer = self.peers.lock().await.get(&id).cloned();\n\
                 let reply = ask(peer).await?;\n\
                 self.peers.lock().await.record(id, reply);",
        alike: &[
            "a guard that ends before: an inner block, or `drop`",
            "a guard of a connection, which is what is asked with",
            "a lock of a file, or of nothing that waits",
            "a task that is spawned, which does not hold the lock of whoever spawns it",
        ],
        allow: "If the lock is there so that one request at a time is made, say so.",
        shows: &[],
        unshown: "no station here holds a lock of its own while it asks another",
        links: &["clippy's `await_holding_lock`, for guards of `std` and parking_lot"],
    },
    looks: &[Look::Call(look_call), Look::Method(look_method)],
};

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let act = scope.knowledge.function(&call.path);
    if act.is_some_and(|act| matches!(&*act.kind, "connect" | "request")) {
        judge(span(call.expr), None, scope, found);
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let receiver = &*method.expr.receiver;
    let name = &*method.name;
    if !matches!(scope.around().next(), Some(Expr::Await(_) | Expr::Call(_))) {
        return;
    }
    const MOVES: [&str; 6] = ["read", "write", "flush", "send_to", "recv_from", "accept"];
    const ASKS: [&str; 6] =
        ["append_entries", "request_vote", "install_snapshot", "send_rpc", "call_remote", "send_request"];
    let is_move = MOVES
        .iter()
        .any(|prefix| name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')));
    let owner = scope.type_of(receiver);
    // Zero arguments make a lock of `read` and `write`.
    let is_transfer = || {
        is_move
            && (name == "accept" || !method.expr.args.is_empty())
            && owner.is_some()
            && (matches!(scope.carrier(receiver), Carrier::Socket | Carrier::Buffered)
                || owner.as_ref().is_some_and(|owner| scope.knowledge.is(&owner.path, "listener")))
    };
    let is_known = || {
        let act = scope.knowledge.method(owner.as_ref().map(|owner| &*owner.path), name);
        owner.is_some() && act.is_some_and(Act::is_remote)
    };
    if ASKS.contains(&name) || is_transfer() || is_known() {
        judge(span(method.expr), root(receiver), scope, found);
    }
}

/// The variable at the bottom of what is read: `links` of `links.get(&id)?.stream`.
fn root(expr: &Expr) -> Option<&Ident> {
    match peel(expr) {
        Expr::Field(field) => root(&field.base),
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Index(index) => root(&index.expr),
        other => variable(other),
    }
}

fn judge(place: Span, asked: Option<&Ident>, scope: &Scope<'_>, found: &mut Found) {
    let Some(function) = scope.function() else { return };
    let guards = scope.bindings.iter().rev().filter(|binding| match binding.origin {
        Origin::Value(value) => effort::spend(1) && is_guard(value, scope),
        _ => false,
    });
    let here = place.byte_range().start;
    for guard in guards {
        let taken = guard.name.span().byte_range().start;
        // A task or a closure that begins after the guard runs elsewhere.
        let is_elsewhere = scope.around().any(|expr| {
            matches!(expr, Expr::Async(_) | Expr::Closure(_)) && span(expr).byte_range().start > taken
        });
        let is_dropped = any_expr(function.block, |expr| match expr {
            Expr::Call(call) => {
                let at = span(call).byte_range().start;
                called(&call.func).is_some_and(|name| name == "drop")
                    && call.args.first().and_then(variable).is_some_and(|name| name == guard.name)
                    && (taken..here).contains(&at)
            }
            _ => false,
        });
        if is_elsewhere || is_dropped {
            continue;
        }
        found.looked(place);
        let name = guard.name;
        // What nobody reads is locked so that one at a time comes by.
        let is_unread = name.to_string().starts_with('_');
        // What is locked to be asked is there so that one at a time asks.
        if !is_unread && asked.is_none_or(|asked| asked != name && !is_made_by(asked, name, scope)) {
            found.say(place, scope, format!("`{name}` stays locked until another machine answers"));
        }
        return;
    }
}

/// Whether a variable came out of what a lock holds, such as a transaction of a connection.
fn is_made_by(made: &Ident, guard: &Ident, scope: &Scope<'_>) -> bool {
    const STEPS_MAX: usize = 4;
    let mut made = made;
    for _ in 0..STEPS_MAX {
        match scope.value(made).and_then(root) {
            Some(next) if next == guard => return true,
            Some(next) if next != made => made = next,
            _ => return false,
        }
    }
    false
}

/// Whether this waits for a lock of a task, and keeps it: `x.lock().await`.
fn is_guard(value: &Expr, scope: &Scope<'_>) -> bool {
    let Expr::Await(awaited) = value else { return false };
    let Expr::MethodCall(call) = &*awaited.base else { return false };
    let name = call.method.to_string();
    let owner = scope.type_of(&call.receiver);
    let is_lock = owner.as_ref().is_some_and(|owner| scope.knowledge.is(&owner.path, "lock"));
    let is_taken = match &*name {
        "lock" | "lock_owned" => is_lock || owner.is_none(),
        "write" | "read" | "write_owned" | "read_owned" => is_lock,
        _ => false,
    };
    is_taken && call.args.is_empty()
}
