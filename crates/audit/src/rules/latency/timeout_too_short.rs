//! Less time than a round trip takes: the rule `latency::timeout-too-short`.

use syn::Expr;

use crate::look::{Call, Found, Look, Method};
use crate::scope::{Carrier, Scope};
use crate::syntax::{span, written_micros};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "latency::timeout-too-short",
    family: Family::Latency,
    level: Level::Info,
    title: "a time-out that is shorter than a long round trip",
    page: Page {
        why: "Light goes round half the Earth and back in 133 ms, and a packet takes longer. A time-out that \
              is met in one rack is missed between continents, each time.",
        incident: "The second site is opened on another continent, and every request to it times out. The \
                   health check takes silence for death, which that of MSS-23 was not, and all traffic \
                   goes to the first.",
        instead: "measure round trips and take a multiple of the slowest usual one, or make it a setting",
        better: "timeout(settings.request_timeout, peer.ask(question)).await",
        alike: &["a time-out for something on this machine", "a time-out from a setting", "a pause"],
        allow: "If both ends are in one rack by design, say so.",
        shows: &["run antarctic --pass 2s"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Call(look_call), Look::Method(look_method)],
};

/// What is shorter than this is shorter than most round trips out of a building, in microseconds.
const SHORT_MICROS: u64 = 20_000;

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_limit = scope.knowledge.function(&call.path).is_some_and(|act| act.kind == "limit");
    let [Some(limit), Some(waited)] = [0, 1].map(|number| call.expr.args.iter().nth(number)) else { return };
    let waited = scope.made_of(waited);
    let is_remote = || {
        waited.last().is_some_and(|last| match last {
            Expr::MethodCall(call) => scope.is_remote(last) || is_socket(&call.receiver, scope),
            other => scope.is_remote(other),
        })
    };
    if is_limit && is_remote() {
        judge(limit, scope, found);
    }
}

fn is_socket(receiver: &Expr, scope: &Scope<'_>) -> bool {
    scope.type_of(receiver).is_some()
        && matches!(scope.carrier(receiver), Carrier::Socket | Carrier::Buffered)
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(limit) = method.expr.args.first() else { return };
    let Some(owner) = scope.type_of(&method.expr.receiver) else { return };
    let sets = scope.knowledge.thing(&owner.path).is_some_and(|thing| thing.limits.contains(&method.name));
    if sets {
        judge(limit, scope, found);
    }
}

fn judge(limit: &Expr, scope: &Scope<'_>, found: &mut Found) {
    found.looked(span(limit));
    if written_micros(limit).is_some_and(|micros| micros <= SHORT_MICROS) {
        let here =
            "an answer from another continent is not there by then: how far away may the other side be?";
        found.say(span(limit), scope, here);
    }
}
