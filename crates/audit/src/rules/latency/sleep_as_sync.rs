//! Sleeping until it will surely be done: the rule `latency::sleep-as-sync`.

use syn::Expr;

use crate::look::{Call, Found, Look};
use crate::syntax::{any_expr, span, written_micros};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "latency::sleep-as-sync",
    family: Family::Latency,
    level: Level::Info,
    title: "a pause in the place of an answer",
    page: Page {
        why: "How long something takes elsewhere is nothing that this machine can know. A pause that is \
              always long enough is too long, and one day it is too short.",
        incident: "Two seconds were enough for a follower to start, until its disk was full of logs. It joins \
                   a cluster that has gone on without it, and is refused.",
        instead: "wait for what says that it is done, with a time-out",
        better: "timeout(START_TIMEOUT, follower.ready()).await??;",
        alike: &[
            "a pause in a loop that looks again",
            "a pause between attempts, before a shutdown, or to slow down",
            "a pause that is a setting",
        ],
        allow: "If nothing can say that it is done, say how the pause was measured.",
        shows: &["hunt specimen:dedup-window/for-a-while", "hunt specimen:tombstone/dropped-early"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Call(look)],
};

/// What a pause is for that waits for nothing.
const OTHERS: [&str; 14] = [
    "delay", "throttle", "backoff", "retry", "attempt", "attempts", "drain", "shutdown", "debounce",
    "jitter", "pace", "rate", "cooldown", "pause",
];

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_sleep = call.path.ends_with("::sleep")
        && scope.knowledge.function(&call.path).is_some_and(|act| act.kind == "sleep");
    let Some(function) = scope.function() else { return };
    if !is_sleep || !matches!(scope.around().next(), Some(Expr::Await(_))) {
        return;
    }
    found.looked(call.span);
    let is_apart = !scope.macros.is_empty()
        || scope.loop_around().is_some()
        || scope.around().any(|expr| matches!(expr, Expr::Closure(_) | Expr::Async(_)));
    let is_written = call.expr.args.first().and_then(written_micros).is_some();
    let after = span(call.expr).byte_range().end + 16;
    // What is waited for by the pause is asked below it.
    let is_counted_on = any_expr(
        function.block,
        |expr| matches!(expr, Expr::Await(awaited) if awaited.await_token.span.byte_range().start > after),
    );
    if !is_apart && is_written && is_counted_on && !scope.mentions(&OTHERS) {
        found.say(
            span(call.expr),
            scope,
            "what is below counts on something that is done by then: what says so?",
        );
    }
}
