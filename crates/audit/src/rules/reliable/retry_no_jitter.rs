//! Everybody tries again at the same moment: the rule `reliable::retry-no-jitter`.

use crate::look::{Call, Found, Look};
use crate::retry::is_retry;
use crate::syntax::{is_constant, span};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "reliable::retry-no-jitter",
    family: Family::Reliable,
    level: Level::Info,
    title: "a pause before the next attempt that is the same for all",
    page: Page {
        why: "Those who lost the same peer at the same moment come back at the same moments, in step, for as \
              long as their pauses are equal.",
        incident: "A relay restarts, and four hundred stations that lost it together return together each \
                   five seconds. Each wave takes it down again.",
        instead: "add luck to the pause, and let it grow",
        better: "sleep(pause / 2 + rng.random_range(Duration::ZERO..=pause / 2)).await;",
        alike: &[
            "a pause that depends on the attempt, or has luck in it",
            "a poll: a loop that asks again after success, too",
            "an `interval.tick()`",
        ],
        allow: "Where one process alone asks, nobody is in step with it.",
        shows: &[],
        unshown: "no station here is asked by so many at once that it fails",
        links: &[],
    },
    looks: &[Look::Call(look)],
};

/// What says that pauses differ.
const DIFFER: [&str; 9] =
    ["rand", "random", "rng", "jitter", "backoff", "exponential", "fastrand", "thread_rng", "spread"];

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_sleep = scope.knowledge.function(&call.path).is_some_and(|act| act.kind == "sleep");
    let Some(around) = scope.loop_around().filter(|_| is_sleep) else { return };
    if !is_retry(around, scope) {
        return;
    }
    found.looked(call.span);
    let is_same = call.expr.args.first().is_some_and(is_constant);
    if is_same && !scope.mentions(&DIFFER) {
        found.say(
            span(call.expr),
            scope,
            "all who lost the same peer pause for as long, and return together",
        );
    }
}
