//! A message that does not say what it is: the rule `homogeneous::codec-unversioned`.

use crate::effort;
use crate::look::{Call, Found, Look};
use crate::syntax::span;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "homogeneous::codec-unversioned",
    family: Family::Homogeneous,
    level: Level::Info,
    title: "a codec without names or versions, and no version in sight",
    page: Page {
        why: "Such a codec writes fields one after the other, without their names. Whoever reads with another \
              list of fields reads something else, mostly without an error.",
        incident: "A field is put in the middle of a message. Old nodes read the load as the term, and vote \
                   for whoever is busiest.",
        instead: "put a version before it, or use a codec whose fields have numbers",
        better: "out.push(FORMAT_VERSION);\n\
                 postcard::to_extend(&beat, out)?;",
        alike: &[
            "a file in which something is called a version",
            "what stays in this process",
            "a codec whose fields have names or numbers",
        ],
        allow: "If a handshake settles the version, say where.",
        shows: &[],
        unshown: "all stations of a run are one program of one version",
        links: &[],
    },
    looks: &[Look::Call(look)],
};

const CODECS: [&str; 4] = ["bincode::", "postcard::", "rmp_serde::", "borsh::"];

const WRITES: [&str; 11] = [
    "serialize",
    "serialize_into",
    "encode_to_vec",
    "encode_into_slice",
    "to_vec",
    "to_allocvec",
    "to_stdvec",
    "to_slice",
    "to_extend",
    "encode",
    "to_writer",
];

/// Where these are named, something goes to another machine.
const NETWORK: [&str; 10] =
    ["tcp", "udp", "socket", "send", "publish", "peer", "stream", "link", "broadcast", "datagram"];

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let name = call.path.rsplit("::").next().unwrap_or_default();
    if !WRITES.contains(&name) || !CODECS.iter().any(|codec| call.path.starts_with(codec)) {
        return;
    }
    found.looked(call.span);
    let whole = 0..scope.source.text.len();
    let says = |words: &[&str]| scope.source.mentions(&whole, words);
    let codec = call.path.split("::").next().unwrap_or_default();
    let here = format!(
        "nothing in this file says which version of a message of `{codec}` this is: how does an older reader know?"
    );
    // It is one decision, so it is told of once a file.
    let is_told = found.raw.iter().any(|raw| effort::spend(1) && raw.rule.id == RULE.id && raw.here == here);
    if !is_told && scope.mentions(&NETWORK) && !says(&["version", "versions", "versioned", "schema"]) {
        found.say(span(call.expr), scope, here);
    }
}
