//! A connect without a time-out: the rule `reliable::connect-no-timeout`.

use proc_macro2::Span;
use syn::Expr;

use crate::family::Family;
use crate::finding::Level;
use crate::knowledge::Act;
use crate::look::{Call, Found, Look, Method};
use crate::near;
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::span;

pub(crate) const RULE: Rule = Rule {
    id: "reliable::connect-no-timeout",
    family: Family::Reliable,
    level: Level::Warn,
    title: "a connect without a time-out",
    page: Page {
        why: "A machine that is gone does not refuse a connection: its packets are lost, and the operating system asks again \
              for about two minutes before it gives up. Until then whoever waits does nothing else.",
        incident: "One relay loses power, and the task that sends heartbeats waits two minutes for its \
                   connection, longer than MSS-23 was silent. The other stations hear nothing meanwhile, \
                   and depose a leader that was well.",
        instead: "give it a time-out, and say what is done when that is over",
        better: "let stream = timeout(Duration::from_secs(3), TcpStream::connect(peer)).await??;\n\
                 // without a runtime\n\
                 let stream = TcpStream::connect_timeout(&peer, Duration::from_secs(3))?;",
        alike: &[
            "a connect within `timeout(…)` or as one arm of `select!`",
            "`TcpStream::connect_timeout`",
            "a Unix domain socket, whose other side is on this machine",
            "a connect to a loopback address or to one's own listener, such as to wake it, to a process that the owner of the address starts, and to what says that it is a daemon",
            "a function of which this file alone decides who waits: each call of it stands within `timeout(…)`",
            "a pool that is given a `create_timeout` in the same file",
        ],
        allow: "The rule does not see a time-out that the caller sets around the whole function. If there is one, name it in \
                the reason.",
        shows: &["run mss-23 --retry none", "hunt specimen:failure-detector/time-out"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Call(look_call), Look::Method(look_method)],
};

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    if let Some(act) = scope.knowledge.function(&call.path) {
        judge(act, call.expr.args.first(), call.span, span(call.expr), scope, found);
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(owner) = scope.type_of(&method.expr.receiver) else { return };
    if let Some(act) = scope.knowledge.method(Some(&owner.path), &method.name) {
        let place = method.expr.method.span();
        judge(act, method.expr.args.first(), place, span(method.expr), scope, found);
    }
}

fn judge<'a>(
    act: &Act,
    address: Option<&'a Expr>,
    place: Span,
    whole: Span,
    scope: &Scope<'a>,
    found: &mut Found,
) {
    if act.kind != "connect" {
        return;
    }
    found.looked(place);
    let has_limit = act.timeout.is_empty()
        || scope.mentions(&["timeout", "deadline", "select"])
        || scope.source.has_name(&(0..scope.source.text.len()), "create_timeout");
    let is_near = |address| near::is_own(address, scope) || says_limit(address);
    if !has_limit && !address.is_some_and(is_near) && !near::callers_end_it(scope) {
        let here = match &*act.timeout {
            "system" => {
                "nothing in this function ends the wait before the operating system does, after about two minutes"
            }
            _ => "nothing in this function ends the wait",
        };
        found.say(whole, scope, here);
    }
}

/// Whether the text that says where to connect says for how long, too.
fn says_limit(address: &Expr) -> bool {
    crate::syntax::text(address).is_some_and(|text| text.value().contains("connect_timeout"))
}
