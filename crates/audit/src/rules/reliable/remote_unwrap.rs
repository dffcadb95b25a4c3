//! A panic because of another machine: the rule `reliable::remote-unwrap`.

use syn::Expr;

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look, Method};
use crate::near;
use crate::rule::{Page, Rule};
use crate::scope::{Carrier, Scope};
use crate::syntax::span;

pub(crate) const RULE: Rule = Rule {
    id: "reliable::remote-unwrap",
    family: Family::Reliable,
    level: Level::Info,
    title: "a panic when the other side fails",
    page: Page {
        why: "The other side of a connection restarts, is upgraded, is cut off: that is its normal life. A program that panics \
              then fails with it.",
        incident: "One station restarts, and every station that was writing to it panics, restarts, and makes others panic. \
                   What was one restart goes round the globe.",
        instead: "give the error back with `?`, and connect anew where the connection is kept",
        better: "stream.write_all(&frame).await?;",
        alike: &[
            "a write to a file, a buffer, a channel or an encoder",
            "`bind(…).expect(…)` when the program begins, and an unwrapped `local_addr()`",
            "the process that the same file starts and ends",
            "the file of a `main` that serves nobody: such a program does one thing",
            "`expect` on what has nothing to do with the other side, such as a lock",
        ],
        allow: "A program that does one thing and then ends may as well end with a panic.",
        shows: &[],
        unshown: "stations here crash when they are told to or by luck, never because another did",
        links: &["clippy::unwrap_used, which asks everywhere"],
    },
    looks: &[Look::Method(look)],
};

fn look<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !matches!(&*method.name, "unwrap" | "expect") {
        return;
    }
    let mut asked = &*method.expr.receiver;
    while let Expr::Await(awaited) = asked {
        asked = &awaited.base;
    }
    let (what, of, is_remote) = match asked {
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else { return };
            let act = scope.knowledge.function(&scope.path(&path.path));
            let is_own = act.is_some_and(|act| act.is_own);
            let what = if is_own { "this call" } else { "this connect" };
            (what, call.args.first(), act.is_some_and(|act| act.is_own_or(&["connect", "request"])))
        }
        Expr::MethodCall(call) => {
            let name = call.method.to_string();
            let owner = scope.type_of(&call.receiver).map(|owner| owner.path);
            let act = scope.knowledge.method(owner.as_deref(), &name);
            let is_request = owner.is_some() && act.is_some_and(|act| act.is_own_or(&["request", "query"]));
            let what = if is_request { "this request" } else { "this" };
            (what, Some(&*call.receiver), is_request || is_transfer(&name, call, scope))
        }
        _ => return,
    };
    let is_started_here = || of.is_some_and(|of| near::starts_the_other(of, scope));
    if is_remote && !is_started_here() && !is_tool(scope) {
        found.looked(method.expr.method.span());
        let here = format!("{what} fails whenever the other side does, and then this node panics");
        found.say(span(method.expr), scope, here);
    }
}

/// Whether bytes are moved to or from a socket.
fn is_transfer(name: &str, call: &syn::ExprMethodCall, scope: &Scope<'_>) -> bool {
    const MOVES: [&str; 6] = ["read", "write", "flush", "send_to", "recv_from", "peek"];
    let is_move = MOVES.iter().any(|prefix| name == *prefix || name.starts_with(&format!("{prefix}_")));
    // By its type alone: what is called `conn` may be anything.
    let is_typed = scope.type_of(&call.receiver).is_some();
    is_move && is_typed && matches!(scope.carrier(&call.receiver), Carrier::Socket | Carrier::Buffered)
}

/// Whether this is the file of a program that does one thing and ends, rather than one that others talk to.
fn is_tool(scope: &Scope<'_>) -> bool {
    const SERVES: [&str; 9] =
        ["listener", "serve", "server", "accept", "daemon", "spawn", "node", "peer", "heartbeat"];
    let whole = 0..scope.source.text.len();
    scope.outline.functions.contains_key(&format!("{}::main", scope.module))
        && !scope.source.mentions(&whole, &SERVES)
}
