//! A secret in the text: the rule `admin::credential-literal`.

use syn::LitStr;

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look, Named};
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "admin::credential-literal",
    family: Family::Admin,
    level: Level::Deny,
    title: "a password in the text of the program",
    page: Page {
        why: "A secret in the code is one for all installations, known to all who have the code, and changed by nobody: whoever \
              runs the program cannot, and whoever wrote it does not run it.",
        incident: "A password is in the history of a repository that becomes public. To change it, every station needs another \
                   build at the same minute.",
        instead: "read it from the environment or a file that whoever runs the program owns",
        better: "let url = env::var(\"DATABASE_URL\")?;",
        alike: &[
            "a stand-in: `{password}`, `***`, `<password>`, `changeme`, `user:password`",
            "an address without a password",
            "a database on this machine, such as one for development",
        ],
        allow: "A password that is published on purpose, such as that of an anonymous mirror, is none.",
        shows: &[],
        unshown: "no run here has passwords, or people who build it",
        links: &["CodeQL's `rust/hard-coded-cryptographic-value`"],
    },
    looks: &[Look::Text(look), Look::Named(look_named)],
};

fn look<'a>(text: &'a LitStr, scope: &Scope<'a>, found: &mut Found) {
    let value = text.value();
    let Some((scheme, rest)) = value.split_once("://") else { return };
    let is_scheme = !scheme.is_empty()
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let Some((user, host)) = authority.rsplit_once('@').filter(|_| is_scheme) else { return };
    let Some((name, password)) = user.split_once(':') else { return };
    found.looked(text.span());
    if !is_stand_in(name, password) && !is_own(host) {
        // Some stores know no names.
        let can = if name.is_empty() {
            format!("log in at `{host}`")
        } else {
            format!("act as `{name}` at `{host}`")
        };
        let here = format!("whoever has this text can {can}, and nobody can change that without a new build");
        found.say(text.span(), scope, here);
    }
}

fn is_stand_in(name: &str, password: &str) -> bool {
    const STAND_INS: [&str; 16] = [
        "password", "pass", "passwd", "pwd", "pw", "secret", "changeme", "postgres", "root", "guest",
        "admin", "user", "test", "example", "redacted", "token",
    ];
    let is_marked =
        |text: &str| text.is_empty() || text.contains(['{', '}', '<', '>', '*', '$', '%', ' ', '…']);
    let lower = password.to_ascii_lowercase();
    let is_repeated = password.chars().all(|letter| password.starts_with(letter));
    // Some stores know no names.
    (!name.is_empty() && is_marked(name))
        || is_marked(password)
        || STAND_INS.contains(&&*lower)
        || is_repeated
        || password == name
}

fn is_own(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    let ends = [".example", ".test", ".invalid", "example.com", "example.org", "example.net"];
    matches!(name, "localhost" | "127.0.0.1" | "0.0.0.0" | "")
        || host.starts_with("[::1]")
        || ends.iter().any(|end| name.ends_with(end))
}

/// Names of secrets, at the end of a name.
const SECRETS: [&str; 9] =
    ["password", "passwd", "passphrase", "secret", "api_key", "apikey", "token", "access_key", "private_key"];

/// A text that is called a secret, and looks like one.
fn look_named<'a>(named: &Named<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(text) = crate::syntax::text(crate::syntax::peel(named.value)) else { return };
    let Some(name) = named.name.map(|name| name.to_string().to_ascii_lowercase()) else { return };
    if name.starts_with("test_") {
        return;
    }
    if !SECRETS.iter().any(|secret| name == *secret || name.ends_with(&format!("_{secret}"))) {
        return;
    }
    found.looked(text.span());
    let value = text.value();
    let has = |is: fn(&char) -> bool| value.chars().any(|letter| is(&letter));
    let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    let is_prose = value.contains([' ', '{', '<', '$', '*', '/', ':']);
    let is_known = ["example", "changeme", "dummy", "placeholder", "test"]
        .iter()
        .any(|stand_in| value.to_ascii_lowercase().contains(stand_in));
    // `S3_SECRET_KEY` is the name of a variable in which the secret is.
    let is_name = value.contains('_') && !has(char::is_ascii_lowercase);
    if value.len() >= 8 && !is_name && is_mixed && !is_prose && !is_known {
        let here = "whoever has this text has the secret, and nobody can change it without a new build";
        found.say(text.span(), scope, here);
    }
}
