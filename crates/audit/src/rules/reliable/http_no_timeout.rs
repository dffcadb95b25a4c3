//! A client whose requests nothing ends: the rule `reliable::http-no-timeout`.

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Call, Found, Look};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::span;

pub(crate) const RULE: Rule = Rule {
    id: "reliable::http-no-timeout",
    family: Family::Reliable,
    level: Level::Warn,
    title: "an HTTP client without a time-out",
    page: Page {
        why: "A server that has accepted a request may never answer it, and most clients wait for ever unless they are told \
              otherwise. Each such request keeps its task, its memory and its connection.",
        incident: "A weather service hangs, and each request for a forecast takes one worker with it. Within minutes no worker \
                   is left for requests that need no forecast.",
        instead: "set one when the client is built: `.timeout(…)`, and `.connect_timeout(…)` if that is to be shorter",
        better: "let client = reqwest::Client::builder()\n    \
                 .connect_timeout(Duration::from_secs(3))\n    \
                 .timeout(Duration::from_secs(10))\n    \
                 .build()?;",
        alike: &[
            "a builder on which `timeout` or `read_timeout` is called, in whatever order; `connect_timeout` is not enough",
            "a client each of whose requests sets `.timeout(…)`, in the same file",
            "`reqwest::blocking`, which gives up after 30 s by itself",
            "clients of libraries that have a time-out unless it is taken away",
        ],
        allow: "The rule does not see a builder that is finished in another function. A download or an event stream may need \
                no limit for the whole, but a `read_timeout` for each piece.",
        shows: &["run mss-23 --retry none"],
        links: &[],
    },
    looks: &[Look::Call(look)],
};

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(act) = scope.knowledge.function(&call.path) else { return };
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
        _ => made.is_some_and(|made| made.limits.iter().any(|limit| scope.source.has_name(&whole, limit))),
    };
    if !is_limited {
        let here = match &*act.kind {
            "request" => "nothing ends this request if no answer comes",
            "builder" => "no `timeout` is set in this file, so requests of this client may wait for ever",
            _ => "this client has no time-out, and nothing in this file gives its requests one",
        };
        found.say(span(call.expr), scope, here);
    }
}
