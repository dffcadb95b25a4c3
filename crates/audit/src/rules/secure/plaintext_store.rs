//! A store that is spoken with in the clear: the rule `secure::plaintext-store`.

use syn::{Expr, LitStr};

use super::cleartext_url::{host_of, is_asked, is_compared};
use crate::look::{Call, Found, Look};
use crate::syntax::{span, text};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "secure::plaintext-store",
    family: Family::Secure,
    level: Level::Warn,
    title: "a store or a broker without encryption",
    page: Page {
        why: "What a program keeps elsewhere goes there and back over wires of others, with the password \
              first.",
        incident: "The cache moves to another zone of the same provider. Sessions and passwords cross a \
                   network that many share, in the clear, and nothing fails that would tell of it.",
        instead: "use the encrypted form: `rediss://`, `tls://`, `amqps://`, `sslmode=verify-full`",
        better: "let client = redis::Client::open(\"rediss://cache.constellation.aero\")?;",
        alike: &[
            "this machine, private addresses, names without a dot, `.internal` and the like",
            "`NoTls` in a branch that a setting chose",
            "addresses that texts are compared with, or told",
        ],
        allow: "If the network itself encrypts, such as a mesh or WireGuard, say so.",
        shows: &[],
        unshown: "nobody in these runs listens or lies, and no link is encrypted",
        links: &[],
    },
    looks: &[Look::Text(look_text), Look::Call(look_call)],
};

/// Schemes that encrypt nothing.
const CLEAR: [&str; 9] =
    ["redis://", "nats://", "amqp://", "mqtt://", "tcp://", "ldap://", "memcache://", "kafka://", "stomp://"];

/// Schemes that encrypt unless they are told not to.
const TOLD: [&str; 5] = ["postgres://", "postgresql://", "mysql://", "mongodb://", "mongodb+srv://"];

const OFF: [&str; 6] =
    ["sslmode=disable", "ssl-mode=disabled", "ssl=false", "tls=false", "sslmode=allow", "usessl=false"];

fn look_text<'a>(text: &'a LitStr, scope: &Scope<'a>, found: &mut Found) {
    let value = text.value();
    let lower = || value.to_ascii_lowercase();
    let is_off = || OFF.iter().any(|off| lower().contains(off));
    let clear = CLEAR.iter().find_map(|scheme| value.strip_prefix(scheme));
    let Some(rest) = clear.or_else(|| TOLD.iter().find_map(|scheme| value.strip_prefix(scheme))) else {
        // A list of keys, as libpq reads it.
        if value.contains("host=") && is_off() && !is_near_host(&value) {
            found.looked(text.span());
            found.say(text.span(), scope, "this asks for no encryption");
        }
        return;
    };
    found.looked(text.span());
    if (clear.is_some() || is_off()) && is_asked(rest) && !is_compared(scope) {
        let host = host_of(rest);
        found.say(text.span(), scope, format!("what is kept at `{host}` goes there and back in the clear"));
    }
}

fn is_near_host(keys: &str) -> bool {
    ["host=localhost", "host=127.", "host=/", "host=[::1]"].iter().any(|own| keys.contains(own))
}

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_connect = scope.knowledge.function(&call.path).is_some_and(|act| act.kind == "connect");
    let is_clear = |argument: &Expr| match argument {
        Expr::Path(path) => scope.knowledge.is(&scope.path(&path.path), "cleartext"),
        _ => false,
    };
    if !is_connect || !call.expr.args.iter().any(is_clear) {
        return;
    }
    found.looked(call.span);
    let is_near = call.expr.args.first().and_then(text).is_some_and(|keys| {
        let keys = keys.value();
        is_near_host(&keys) || ["@localhost", "@127.", "://localhost"].iter().any(|own| keys.contains(own))
    });
    let is_chosen = scope.around().any(|expr| {
        let condition = match expr {
            Expr::If(found) => &found.cond,
            Expr::Match(found) => &found.expr,
            _ => return false,
        };
        scope.source.mentions(&scope.source.range(span(condition)), &["tls", "ssl", "insecure", "secure"])
    });
    let is_written = call
        .expr
        .args
        .first()
        .is_some_and(|keys| scope.made_of(keys).into_iter().any(|step| text(step).is_some()));
    if is_near || is_chosen {
        return;
    }
    if is_written {
        found.say(span(call.expr), scope, "nothing of this connection is encrypted, wherever it goes");
    } else {
        let here = "nothing of this connection is encrypted: does it ever leave the machine?";
        found.say_at(Level::Info, span(call.expr), scope, here);
    }
}
