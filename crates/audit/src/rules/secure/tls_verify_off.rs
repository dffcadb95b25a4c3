//! Whoever answers is believed: the rule `secure::tls-verify-off`.

use syn::{Expr, Lit};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look, Method};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::span;

pub(crate) const RULE: Rule = Rule {
    id: "secure::tls-verify-off",
    family: Family::Secure,
    level: Level::Deny,
    title: "a certificate that is not checked",
    page: Page {
        why: "Without the certificate nobody knows who answers: what is encrypted is encrypted for whoever is on the way.",
        incident: "A certificate expires at night, and checking is switched off so that the stations can talk. A year later \
                   somebody answers in the name of the relay, and is believed.",
        instead: "add the authority that signed it to those that are trusted",
        better: "let client = Client::builder().add_root_certificate(own_authority).build()?;",
        alike: &[
            "`(false)`, which is what holds anyway",
            "an option that the user sets, such as `(settings.is_insecure)` or within an `if` over one: told at `info`",
            "`SslVerifyMode::NONE` as a pattern of `match`",
        ],
        allow: "There is hardly a case outside of tests.",
        shows: &[],
        unshown: "nobody in these runs listens or lies, and no link is encrypted",
        links: &["CodeQL's `rust/disabled-certificate-check`"],
    },
    looks: &[Look::Method(look)],
};

const OFF: [&str; 4] = [
    "danger_accept_invalid_certs",
    "danger_accept_invalid_hostnames",
    "tls_danger_accept_invalid_certs",
    "tls_danger_accept_invalid_hostnames",
];

fn look<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_mode = method.name == "set_verify";
    if !is_mode && !OFF.contains(&&*method.name) {
        return;
    }
    found.looked(method.expr.method.span());
    let Some(argument) = method.expr.args.first() else { return };
    let here = "whoever answers this client is believed";
    let is_guarded = scope
        .around()
        .any(|expr| matches!(expr, Expr::If(_) | Expr::Match(_)) && is_about_trust(expr, scope));
    match argument {
        Expr::Lit(lit) if matches!(&lit.lit, Lit::Bool(on) if !on.value) => {}
        Expr::Path(path) if is_mode && !crate::syntax::ends_with(&path.path, "NONE") => {}
        Expr::Lit(_) | Expr::Path(_) if is_guarded => say_guarded(method, scope, found),
        Expr::Lit(_) => found.say(span(method.expr), scope, here),
        Expr::Path(_) if is_mode => found.say(span(method.expr), scope, here),
        _ if is_mode => {}
        _ => say_guarded(method, scope, found),
    }
}

fn say_guarded(method: &Method<'_>, scope: &Scope<'_>, found: &mut Found) {
    let here =
        "a setting decides whether whoever answers this client is believed: is it told when it is set?";
    found.say_at(Level::Info, span(method.expr), scope, here);
}

/// Whether a condition is over a setting of trust.
fn is_about_trust(expr: &Expr, scope: &Scope<'_>) -> bool {
    let condition = match expr {
        Expr::If(found) => &found.cond,
        Expr::Match(found) => &found.expr,
        _ => return false,
    };
    let words = [
        "sni", "insecure", "skip", "danger", "verify", "tls", "accept", "invalid", "ssl", "trust", "unsafe",
        "unsafely",
    ];
    let condition = scope.source.range(span(condition));
    let text = scope.source.text[condition.clone()].to_ascii_lowercase();
    const VALUES: [&str; 5] = ["\"ignore\"", "\"insecure\"", "\"skip\"", "\"none\"", "\"disable\""];
    scope.source.mentions(&condition, &words) || VALUES.iter().any(|value| text.contains(value))
}
