//! A thread that waits where only a task should: the rule `latency::blocking-in-async`.

use syn::Expr;

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Call, Found, Look};
use crate::near;
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{any_expr, span};

pub(crate) const RULE: Rule = Rule {
    id: "latency::blocking-in-async",
    family: Family::Latency,
    level: Level::Warn,
    title: "a blocking call in async code",
    page: Page {
        why: "Async tasks share a few threads. A call that blocks keeps one of them for as long as the network takes, and all \
              tasks that wait for this thread with it.",
        incident: "On a machine with two cores two tasks wait for a slow peer in a blocking connect, and \
                   nothing else runs for two minutes. Health checks go unanswered, as MSS-23 did for 48 \
                   s, and the orchestrator restarts a node that was well.",
        instead: "use what the runtime has for it, or `spawn_blocking`",
        better: "tokio::time::sleep(Duration::from_millis(100)).await;\n\
                 let stream = timeout(Duration::from_secs(3), tokio::net::TcpStream::connect(peer)).await??;",
        alike: &[
            "within `spawn_blocking(…)`, `block_in_place(…)` or `thread::spawn(…)`",
            "within a closure that is not async, of which nobody here knows who calls it",
            "the runtime's own function of the same name",
        ],
        allow: "In a program with one task per thread, say so.",
        shows: &["hunt specimen:failure-detector/time-out"],
        unshown: "",
        links: &["clippy's `disallowed_methods` bans a path everywhere"],
    },
    looks: &[Look::Call(look)],
};

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let instead = match &*call.path {
        "std::thread::sleep" => "this sleeps with the thread that other tasks need",
        "std::net::TcpStream::connect" | "std::net::TcpStream::connect_timeout" => {
            "this connect keeps a thread that other tasks need until it is answered"
        }
        path if path.starts_with("reqwest::blocking::") => {
            "this client blocks the thread that other tasks need, and panics within a runtime"
        }
        _ => return,
    };
    found.looked(call.span);
    let is_near = || call.expr.args.first().is_some_and(|address| near::is_own(address, scope));
    let is_to_this_machine = call.path.contains("::TcpStream::") && is_near();
    let is_harmless = is_to_this_machine || is_main(scope) || is_last(call, scope);
    if is_async(scope) && !is_harmless {
        found.say(span(call.expr), scope, instead);
    }
}

/// Whether what is looked at runs in a task: the innermost of what can say so does.
fn is_async(scope: &Scope<'_>) -> bool {
    for expr in scope.around() {
        match expr {
            Expr::Async(_) => return true,
            Expr::Closure(closure) => return closure.asyncness.is_some(),
            _ => {}
        }
    }
    scope.function().is_some_and(|function| function.signature.asyncness.is_some())
}

/// Whether this stands in `main` itself, of which the runtime makes no task: it has the first thread for itself.
fn is_main(scope: &Scope<'_>) -> bool {
    let is_within = scope.around().any(|expr| matches!(expr, Expr::Async(_) | Expr::Closure(_)));
    !is_within
        && scope.functions.len() == 1
        && scope.function().is_some_and(|function| function.name == "main")
}

/// Whether this sleeps when all is done: nothing is waited for behind it, and it is no part of a loop.
fn is_last(call: &Call<'_>, scope: &Scope<'_>) -> bool {
    let at = call.span.byte_range().start;
    let Some(function) = scope.function() else { return false };
    call.path == "std::thread::sleep"
        && scope.loop_around().is_none()
        && function.block.stmts.len() > 2
        && !any_expr(
            function.block,
            |expr| matches!(expr, Expr::Await(awaited) if awaited.await_token.span.byte_range().start > at),
        )
}
