//! A message that must not grow: the rule `admin::deny-unknown-wire`.

use syn::{Attribute, Ident, ItemEnum, ItemStruct};

use crate::look::{Found, Look};
use crate::syntax::span;
use crate::words::words;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "admin::deny-unknown-wire",
    family: Family::Admin,
    level: Level::Info,
    title: "a message that is refused if it has one field more",
    page: Page {
        why: "Nodes are upgraded one after the other. If a new one adds a field, an old one that refuses what \
              it does not know hears nothing of it any more.",
        incident: "The new version adds a field to its heartbeat. Each old node refuses it, takes the new \
                   ones for dead, and elects another leader: the Antarctic partition, without a storm.",
        instead: "let readers skip what they do not know, and mark with a version what they must know",
        better: "#[derive(Serialize, Deserialize)]\n\
                 struct Heartbeat {\n\
\x20   term: u64,\n\
\x20   #[serde(default)]\n\
\x20   load: Option<u8>,\n\
                 }",
        alike: &[
            "settings, in which an unknown field is a misspelt one",
            "what is only read, or only written",
        ],
        allow: "If both ends are always of one version, say what holds that.",
        shows: &[
            "run lossy-relay --step at=500ms,do=cut,from=pacific,to=atlantic",
            "hunt specimen:failure-detector/time-out",
        ],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Struct(look_struct), Look::Enum(look_enum)],
};

/// What messages between nodes are called, at the end of their names.
const MESSAGES: [&str; 13] = [
    "message",
    "msg",
    "rpc",
    "request",
    "response",
    "event",
    "reply",
    "packet",
    "frame",
    "heartbeat",
    "ack",
    "notification",
    "envelope",
];

fn look_struct<'a>(item: &'a ItemStruct, scope: &Scope<'a>, found: &mut Found) {
    judge(&item.ident, &item.attrs, scope, found);
}

fn look_enum<'a>(item: &'a ItemEnum, scope: &Scope<'a>, found: &mut Found) {
    judge(&item.ident, &item.attrs, scope, found);
}

fn judge(name: &Ident, attributes: &[Attribute], scope: &Scope<'_>, found: &mut Found) {
    let of = |kind: &str, word: &str| {
        attributes.iter().find(|attribute| {
            let range = scope.source.range(span(*attribute));
            attribute.path().is_ident(kind) && scope.source.has_name(&range, word)
        })
    };
    let Some(denies) = of("serde", "deny_unknown_fields") else { return };
    let name = name.to_string();
    let is_message =
        words(&name).last().is_some_and(|last| MESSAGES.iter().any(|known| last.eq_ignore_ascii_case(known)));
    let goes_both_ways = of("derive", "Serialize").is_some() && of("derive", "Deserialize").is_some();
    if is_message && goes_both_ways {
        found.looked(span(denies));
        let here =
            format!("the first version that adds a field to `{name}` is not understood by those before it");
        found.say(span(denies), scope, here);
    }
}
