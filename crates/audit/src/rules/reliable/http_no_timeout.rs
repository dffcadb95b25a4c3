//! A client whose requests nothing ends, or a call that nothing ends: the rule `reliable::http-no-timeout`.

use proc_macro2::Span;
use syn::Expr;

use crate::family::Family;
use crate::finding::Level;
use crate::knowledge::Act;
use crate::look::{Call, Found, Look, Method};
use crate::near;
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{any_expr, span};

pub(crate) const RULE: Rule = Rule {
    id: "reliable::http-no-timeout",
    family: Family::Reliable,
    level: Level::Warn,
    title: "a client or a call without a time-out",
    page: Page {
        why: "A server that has accepted a request may never answer it, and most clients wait for ever unless they are told \
              otherwise. Each such request keeps its task, its memory and its connection.",
        incident: "A weather service does not answer, as MSS-23 did not for 48 s, and each request for a \
                   forecast takes one worker with it. Within minutes no worker is left for requests that \
                   need no forecast.",
        instead: "set one when the client is built (`.timeout(…)`, and `.connect_timeout(…)` if that is to be shorter), or put \
                  `timeout(…)` around the call",
        better: "let client = reqwest::Client::builder()\n    \
                 .connect_timeout(Duration::from_secs(3))\n    \
                 .timeout(Duration::from_secs(10))\n    \
                 .build()?;",
        alike: &[
            "a builder on which `timeout` or `read_timeout` is called, in whatever order; `connect_timeout` is not enough",
            "a client each of whose requests sets `.timeout(…)`, in the same file",
            "`reqwest::blocking`, which gives up after 30 s by itself",
            "clients of libraries that have a time-out unless it is taken away",
            "a channel over a connector of one's own, such as a Unix domain socket, and tunnels",
            "what is built for a browser alone, which has its own limits",
            "a client that is made for another, which may set one, and a channel with keep-alive, which ends what a dead server would hold: \
             told at `info`",
        ],
        allow: "The rule does not see a builder that is finished in another function. A download or an event stream may need \
                no limit for the whole, but a `read_timeout` for each piece. Functions of your own are looked at where \
                `constellation.toml` gives them a `timeout`; those that connect are `connect-no-timeout`'s.",
        shows: &["run mss-23 --retry none"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Call(look), Look::Method(look_method)],
};

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(act) = scope.knowledge.function(&call.path) else { return };
    if act.is_own {
        judge_own(act, call.span, span(call.expr), scope, found);
        return;
    }
    if !matches!(&*act.kind, "client" | "builder" | "request") {
        return;
    }
    found.looked(call.span);
    if act.timeout != "none" {
        return;
    }
    let whole = 0..scope.source.text.len();
    let made = act.returns.first().and_then(|made| scope.knowledge.thing(made));
    let is_limited = match &*act.kind {
        "request" => scope.mentions(&["timeout", "deadline", "select"]),
        // A time-out on the builder may stand some lines below, and one on each request elsewhere in the file.
        // One that is made here and may be given up is a request.
        "client" if scope.has_name(&["select"]) && scope.has_name(&["send"]) => true,
        _ => made.is_some_and(|made| made.limits.iter().any(|limit| scope.source.has_name(&whole, limit))),
    };
    let is_ended = || act.kind == "request" && near::callers_end_it(scope);
    // What stays on this machine, or lasts for as long as what it carries.
    let is_near = scope.has_name(&["unix_socket", "connect_with_connector"]);
    let is_tunnel = scope.has_name(&["connect_timeout"]) && scope.source.mentions(&whole, &["tunnel"]);
    if is_limited || is_near || is_tunnel || near::is_for_browsers(scope) || is_ended() {
        return;
    }
    if act.kind != "request" && (is_handed_on(scope) || is_for_export(scope)) {
        let here = "this client has no time-out of its own: does what it is given to set one?";
        found.say_at(Level::Info, span(call.expr), scope, here);
    } else if act.kind == "builder" && is_open(act, scope) {
        let here = "no `timeout` is set in this file: does whoever finishes this client set one?";
        found.say_at(Level::Info, span(call.expr), scope, here);
    } else if scope.has_name(&["keep_alive_timeout"]) {
        let here = "a server that is dead is noticed, but one that is alive may never answer";
        found.say_at(Level::Info, span(call.expr), scope, here);
    } else {
        let here = match &*act.kind {
            "request" => "nothing ends this request if no answer comes",
            "builder" => "no `timeout` is set in this file, so requests of this client may wait for ever",
            _ => "this client has no time-out, and nothing in this file gives its requests one",
        };
        found.say(span(call.expr), scope, here);
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !scope.knowledge.is_own_method(&method.name) {
        return;
    }
    let Some(owner) = scope.type_of(&method.expr.receiver) else { return };
    if let Some(act) = scope.knowledge.method(Some(&owner.path), &method.name).filter(|act| act.is_own) {
        judge_own(act, method.expr.method.span(), span(method.expr), scope, found);
    }
}

/// A function of one's own is a call of whatever kind it is said to be; of a connect there is another rule.
fn judge_own(act: &Act, place: Span, whole: Span, scope: &Scope<'_>, found: &mut Found) {
    if act.kind == "connect" {
        return;
    }
    found.looked(place);
    let is_limited = act.timeout.is_empty() || scope.mentions(&["timeout", "deadline", "select"]);
    if !is_limited && !near::callers_end_it(scope) {
        let here = match &*act.timeout {
            "system" => {
                "nothing in this function ends this call before the operating system does, after minutes"
            }
            _ => "nothing in this function ends this call if no answer comes",
        };
        found.say(whole, scope, here);
    }
}

/// Whether a builder leaves the function before it is finished.
fn is_open(act: &Act, scope: &Scope<'_>) -> bool {
    let Some(function) = scope.function() else { return false };
    let is_client = act.returns.iter().any(|made| made.ends_with("ClientBuilder"));
    is_client
        && !any_expr(
            function.block,
            |expr| matches!(expr, Expr::MethodCall(call) if call.method == "build" && call.args.is_empty()),
        )
}

/// Whether what is made is an argument of a function that is known to nobody here, such as the `new` of another client.
fn is_handed_on(scope: &Scope<'_>) -> bool {
    const HOLDERS: [&str; 8] = ["Arc", "Box", "Rc", "Some", "Ok", "Mutex", "RwLock", "Lazy"];
    match scope.around().find(|expr| !matches!(expr, Expr::Try(_) | Expr::MethodCall(_))) {
        Some(Expr::Call(call)) => match &*call.func {
            Expr::Path(path) => {
                let is_holder =
                    |segment: &syn::PathSegment| HOLDERS.iter().any(|holder| segment.ident == holder);
                let is_here = scope.path(&path.path).starts_with("crate::");
                !is_here && !path.path.segments.iter().any(is_holder)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether this is made for an exporter of telemetry, which sets limits of its own.
fn is_for_export(scope: &Scope<'_>) -> bool {
    let whole = 0..scope.source.text.len();
    scope.source.mentions(&whole, &["otlp", "exporter"])
}
