//! A verifier that says yes: whoever answers is believed: the rule `secure::custom-verifier`.

use syn::{Expr, ImplItem, ItemImpl, Stmt};

use crate::look::{Found, Look};
use crate::syntax::{called, ends_with, span};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "secure::custom-verifier",
    family: Family::Secure,
    level: Level::Warn,
    title: "a verifier of certificates that accepts all of them",
    page: Page {
        why: "A verifier that answers `Ok` without looking believes whoever is on the way. What is encrypted \
              is encrypted for them.",
        incident: "A verifier for a demonstration accepts everything, and is still there in production. A \
                   proxy in between reads and changes all that passes, and no test can tell.",
        instead: "use the verifier of the library, with the authority that is trusted",
        better: "let config = \
                     ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();",
        alike: &[
            "a verifier that no client of this file uses, so that others decide: told at `info`",
            "a verifier that a setting chooses, such as `accept_invalid_certs`: told at `info`",
            "a trait of another name, which no TLS library asks",
            "a verifier that looks: at a pinned key, a SPIFFE identity, a raw public key; told at `info`, to \
             be reviewed",
        ],
        allow: "There is hardly a case outside of tests.",
        shows: &[],
        unshown: "nobody in these runs listens or lies, and no link is encrypted",
        links: &["CodeQL's `rust/disabled-certificate-check`"],
    },
    looks: &[Look::Impl(look)],
};

fn look<'a>(item: &'a ItemImpl, scope: &Scope<'a>, found: &mut Found) {
    let is_verifier = item.trait_.as_ref().is_some_and(|(path, _)| {
        ["ServerCertVerifier", "ClientCertVerifier"].iter().any(|name| ends_with(path, name))
    });
    if !is_verifier {
        return;
    }
    found.looked(span(&item.self_ty));
    let judged = item.items.iter().find_map(|item| match item {
        ImplItem::Fn(function) => {
            let name = function.sig.ident.to_string();
            matches!(&*name, "verify_server_cert" | "verify_client_cert").then_some(function)
        }
        _ => None,
    });
    let Some(function) = judged else { return };
    let place = function.sig.ident.span();
    let is_chosen = has_setting(scope);
    match &*function.block.stmts {
        _ if is_chosen => {
            let here = "a setting decides whether whoever answers is believed: is it told when it is set?";
            found.say_at(Level::Info, place, scope, here);
        }
        [Stmt::Expr(Expr::Call(call), None)] if called(&call.func).is_some_and(|name| name == "Ok") => {
            if is_used(scope) {
                found.say(place, scope, "this accepts every certificate, and so whoever answers");
            } else {
                let here = "this accepts every certificate: does a setting decide where it is used?";
                found.say_at(Level::Info, place, scope, here);
            }
        }
        _ => {
            let here =
                "whether the right one answers is decided here: what does it look at, and who reviewed it?";
            found.say_at(Level::Info, place, scope, here);
        }
    }
}

/// Whether a name in this file is that of a setting that chooses this.
fn has_setting(scope: &Scope<'_>) -> bool {
    let whole = 0..scope.source.text.len();
    scope.source.places(&whole).any(|(_, name)| {
        let is_small = !name.contains(char::is_uppercase);
        let accepts = || says(name, &["accept", "allow"]) && says(name, &["invalid", "insecure"]);
        let verifies =
            || says(name, &["verify"]) && says(name, &["certificate", "certificates", "certs", "skip"]);
        is_small && (name == "insecure" || accepts() || verifies())
    })
}

/// Whether this file makes a client with a verifier of its own.
fn is_used(scope: &Scope<'_>) -> bool {
    const USES: [&str; 3] =
        ["with_custom_certificate_verifier", "set_certificate_verifier", "with_client_cert_verifier"];
    let whole = 0..scope.source.text.len();
    USES.iter().any(|name| scope.source.has_name(&whole, name))
}
