//! A connect without a time-out: the rule `reliable::connect-no-timeout`.

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Call, Found, Look};
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
        incident: "One relay loses power, and the task that sends heartbeats waits two minutes for its connection. The other \
                   stations hear nothing meanwhile, and depose a leader that was well.",
        instead: "give it a time-out, and say what is done when that is over",
        better: "let stream = timeout(Duration::from_secs(3), TcpStream::connect(peer)).await??;\n\
                 // without a runtime\n\
                 let stream = TcpStream::connect_timeout(&peer, Duration::from_secs(3))?;",
        alike: &[
            "a connect within `timeout(…)` or as one arm of `select!`",
            "`TcpStream::connect_timeout`",
            "a Unix domain socket, whose other side is on this machine",
            "a connect to a literal loopback address or to one's own listener, such as to wake it",
        ],
        allow: "The rule does not see a time-out that the caller sets around the whole function. If there is one, name it in \
                the reason.",
        shows: &["run mss-23 --retry none", "hunt specimen:failure-detector/time-out"],
        links: &[],
    },
    looks: &[Look::Call(look)],
};

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(act) = scope.knowledge.function(&call.path) else { return };
    if act.kind != "connect" {
        return;
    }
    found.looked(call.span);
    let has_limit = act.timeout.is_empty() || scope.mentions(&["timeout", "deadline", "select"]);
    let is_own = call.expr.args.first().is_some_and(|address| is_own(address, scope));
    if !has_limit && !is_own {
        let here = match &*act.timeout {
            "system" => {
                "nothing in this function ends the wait before the operating system does, after about two minutes"
            }
            _ => "nothing in this function ends the wait",
        };
        found.say(span(call.expr), scope, here);
    }
}

/// Whether an address is on this machine: a loopback literal, or what a listener says of itself.
fn is_own(address: &syn::Expr, scope: &Scope<'_>) -> bool {
    let address = crate::syntax::peel(address);
    if let Some(text) = crate::syntax::text(address) {
        let text = text.value();
        return ["127.", "localhost:", "[::1]"].iter().any(|own| text.starts_with(own));
    }
    let value = crate::syntax::variable(address).and_then(|name| scope.value(name));
    matches!(value.map_or(address, crate::syntax::peel), syn::Expr::MethodCall(call) if call.method == "local_addr")
}
