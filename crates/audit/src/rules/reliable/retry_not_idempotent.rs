//! Done twice because the answer was lost: the request is sent again: the rule `reliable::retry-not-idempotent`.

use syn::Expr;

use crate::look::{Found, Look};
use crate::retry::is_retry;
use crate::scope::{Loop, Scope};
use crate::syntax::{any_expr, text};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};

pub(crate) const RULE: Rule = Rule {
    id: "reliable::retry-not-idempotent",
    family: Family::Reliable,
    level: Level::Info,
    title: "a request that changes something is sent again as if it were new",
    page: Page {
        why: "When no answer comes, it may be the answer that was lost: what was asked for is done, and \
              asking again does it again.",
        incident: "A payment goes through and its confirmation is lost with the connection. The client \
                   tries again, and the account is charged twice, as MSS-23 may fire twice for an order \
                   that is repeated.",
        instead: "send a key with the request by which the other side knows it again",
        better: "client.post(url).header(\"Idempotency-Key\", key.to_string()).json(&charge).send().await",
        alike: &[
            "a request with a key, an id of its own, or a condition such as `If-Match`",
            "reading again",
            "a loop that leaves at the first failure",
        ],
        allow: "If doing it twice is the same as doing it once, such as writing the same value, say so.",
        shows: &["run mss-23 --retry blind", "hunt specimen:request-reply/blind"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Loop(look)],
};

/// What changes something elsewhere each time that it is asked for.
const CHANGES: [&str; 12] = [
    "post",
    "patch",
    "publish",
    "charge",
    "transfer",
    "append",
    "pay",
    "submit",
    "enqueue",
    "append_entries",
    "incr",
    "lpush",
];

/// What lets the other side know a request again: in the words of a name, as a name, and in a text such as a header's name.
const KNOWN_WORDS: [&str; 7] =
    ["idempotency", "idempotent", "idempotence", "dedup", "deduplication", "nonce", "etag"];
const KNOWN_NAMES: [&str; 6] =
    ["request_id", "op_id", "operation_id", "if_match", "transaction_id", "message_id"];
const KNOWN_TEXTS: [&str; 4] = ["idempotency", "if-match", "request-id", "dedup"];

fn look<'a>(found_loop: &Loop<'a>, scope: &Scope<'a>, found: &mut Found) {
    if !is_retry(*found_loop, scope) {
        return;
    }
    let changes = |expr: &Expr| match expr {
        Expr::MethodCall(call) => {
            CHANGES.iter().any(|name| call.method == name)
                && scope.act(expr).is_some_and(|act| matches!(&*act.kind, "url" | "query" | "publish"))
        }
        _ => false,
    };
    if !any_expr(found_loop.body(), changes) {
        return;
    }
    found.looked(found_loop.word());
    let Some(function) = scope.function() else { return };
    let is_known_by_text = any_expr(function.block, |expr| {
        text(expr).is_some_and(|text| {
            let text = text.value().to_ascii_lowercase();
            KNOWN_TEXTS.iter().any(|known| text.contains(known))
        })
    });
    if !is_known_by_text && !scope.mentions(&KNOWN_WORDS) && !scope.has_name(&KNOWN_NAMES) {
        let here =
            "if only the answer is lost, this asks for the same thing twice: how does the other side know?";
        found.say(found_loop.word(), scope, here);
    }
}
