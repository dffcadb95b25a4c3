//! An address that is asked in clear: the rule `secure::cleartext-url`.

use std::net::IpAddr;

use syn::{BinOp, Expr, LitStr};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::ends_with;
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "secure::cleartext-url",
    family: Family::Secure,
    level: Level::Warn,
    title: "an address that is asked in clear",
    page: Page {
        why: "Whoever is on the way reads what is sent by `http://`, `ws://` and `ftp://`, and can change it. On the way are \
              every wireless network, every provider, and every machine that answers for a name.",
        incident: "A station fetches its schedule in clear over a guest network, and somebody on it answers first. The station \
                   points its antenna where it was told.",
        instead: "use `https://` or `wss://`",
        better: "const SCHEDULE: &str = \"https://schedule.constellation.aero/v1\";",
        alike: &[
            "this machine, private addresses, link-local ones such as a cloud's metadata service",
            "names without a dot and names that end in `.local`, `.internal`, `.svc` and the like: a mesh may encrypt for them",
            "names that stand for others: `example.com`, `.test`, `.invalid`",
            "names of namespaces, relations and licences, which nobody fetches, and links for people to read",
            "texts that addresses are compared with, and texts that tell of one",
        ],
        allow: "If what is fetched is signed and the signature is checked, say so.",
        shows: &[],
        unshown: "nobody in these runs listens or lies, and no link is encrypted",
        links: &["CodeQL's `rust/non-https-url` and `rust/cleartext-transmission`"],
    },
    looks: &[Look::Text(look)],
};

fn look<'a>(text: &'a LitStr, scope: &Scope<'a>, found: &mut Found) {
    let value = text.value();
    let Some(rest) = ["http://", "ws://", "ftp://"].iter().find_map(|scheme| value.strip_prefix(scheme))
    else {
        return;
    };
    found.looked(text.span());
    if is_asked(rest) && !is_compared(scope) && !is_name(text, scope) {
        let host = host_of(rest);
        let here = format!("what goes to and comes from `{host}` can be read and changed on the way");
        found.say(text.span(), scope, here);
    }
}

/// Whether the line, or the function, says that this is a name or is read by people.
fn is_name(text: &LitStr, scope: &Scope<'_>) -> bool {
    const NAMES: [&str; 12] = [
        "namespace",
        "namespaces",
        "xmlns",
        "ns",
        "rel",
        "schema",
        "docs",
        "doc",
        "help",
        "homepage",
        "website",
        "license",
    ];
    let line = scope.source.whole_lines(&scope.source.range(text.span()));
    scope.source.mentions(&line, &NAMES)
        || scope.function().is_some_and(|function| says(&function.name, &["namespace", "xmlns"]))
}

pub(super) fn host_of(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Whether somebody out there would be asked.
pub(super) fn is_asked(rest: &str) -> bool {
    let host = host_of(rest);
    // Prose, and what is put together elsewhere.
    if host.is_empty()
        || host.contains(['{', '}', ' ', '<', '$', '*', '%'])
        || rest.contains(char::is_whitespace)
    {
        return false;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return match address {
            IpAddr::V4(v4) => {
                let is_near =
                    v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified();
                !is_near && !v4.is_documentation()
            }
            IpAddr::V6(v6) => {
                !v6.is_loopback()
                    && !v6.is_unspecified()
                    && !v6.is_unique_local()
                    && !v6.is_unicast_link_local()
            }
        };
    }
    let host = host.to_ascii_lowercase();
    const ENDS: [&str; 13] = [
        ".local",
        ".localhost",
        ".internal",
        ".lan",
        ".svc",
        ".cluster.local",
        ".example",
        ".test",
        ".invalid",
        ".home.arpa",
        ".localdomain",
        ".docker",
        ".onion",
    ];
    let is_near = !host.contains('.') || ENDS.iter().any(|end| host.ends_with(end)) || host.contains(".svc.");
    let labels: Vec<&str> = host.rsplit('.').collect();
    let is_stand_in = labels
        .get(1)
        .is_some_and(|name| says(name, &["example", "test", "foo", "domain", "somewhere", "temp"]));
    let is_name = is_known_name(rest, &host);
    let is_dated = ["/doc/20", "/19", "/20"].iter().any(|year| rest.contains(year));
    !is_near && !is_stand_in && !is_name && !is_dated
}

/// Whether the text is compared with something, or told.
pub(crate) fn is_compared(scope: &Scope<'_>) -> bool {
    const COMPARES: [&str; 16] = [
        "starts_with",
        "strip_prefix",
        "ends_with",
        "contains",
        "eq",
        "find",
        "replace",
        "trim_start_matches",
        "split_once",
        "matches",
        "help",
        "about",
        "context",
        "expect",
        "with_context",
        "value_name",
    ];
    const TELLS: [&str; 16] = [
        "println",
        "print",
        "eprintln",
        "eprint",
        "write",
        "writeln",
        "info",
        "warn",
        "error",
        "debug",
        "trace",
        "panic",
        "assert",
        "assert_eq",
        "bail",
        "concat",
    ];
    if let Some(told) = scope.argument_of() {
        return TELLS.iter().any(|name| ends_with(&told.path, name));
    }
    match scope.around().next() {
        Some(Expr::Binary(expr)) => matches!(expr.op, BinOp::Eq(_) | BinOp::Ne(_)),
        Some(Expr::MethodCall(call)) => COMPARES.iter().any(|name| call.method == name),
        _ => false,
    }
}

/// Whether this names something, or is read by people: nobody fetches it.
fn is_known_name(rest: &str, host: &str) -> bool {
    const NAMES: [&str; 15] = [
        "json-schema.org",
        "w3.org",
        "xmlsoap.org",
        "openxmlformats.org",
        "apache.org/licenses",
        "purl.org",
        "adobe.com",
        "xmlns.com",
        "ogp.me",
        "microsoft.com",
        "/ns/",
        "/schema/",
        "/rel/",
        "/mrss",
        "readthedocs.",
    ];
    NAMES.iter().any(|name| rest.contains(name))
        || host.starts_with("schemas.")
        || host.starts_with("docs.")
        || host.starts_with("ns.")
}
