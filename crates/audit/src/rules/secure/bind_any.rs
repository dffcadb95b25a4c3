//! Open to whoever can reach the machine: the rule `secure::bind-any`.

use syn::Expr;

use crate::look::{Call, Found, Look};
use crate::syntax::{number, peel, span, text};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "secure::bind-any",
    family: Family::Secure,
    level: Level::Info,
    title: "a port that is open on all addresses, with nothing in sight that asks who comes",
    page: Page {
        why: "An unspecified address is every address that the machine has, now and later, those to the \
              internet among them.",
        incident: "A port for metrics is opened on all addresses of a machine with two networks. Months later \
                   a scanner finds it from outside.",
        instead: "bind to the address that is meant, as a setting, or ask who comes",
        better: "let listener = TcpListener::bind(settings.listen).await?;",
        alike: &[
            "a file in which somebody asks: TLS, tokens, authentication",
            "a client that binds to port 0",
            "an address from a setting",
        ],
        allow: "A public server is bound so on purpose; so is a container, of which the outside decides.",
        shows: &[],
        unshown: "no station here has addresses or ports",
        links: &[],
    },
    looks: &[Look::Call(look)],
};

const ASKS: [&str; 10] = [
    "tls",
    "auth",
    "authenticate",
    "authorization",
    "rustls",
    "acceptor",
    "token",
    "certificate",
    "ssl",
    "noise",
];

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    if scope.knowledge.function(&call.path).is_none_or(|act| act.kind != "bind") {
        return;
    }
    found.looked(call.span);
    let Some(address) = call.expr.args.last() else { return };
    let is_any = match text(peel(address)) {
        Some(address) => {
            let address = address.value();
            let port = ["0.0.0.0:", "[::]:"].iter().find_map(|any| address.strip_prefix(any));
            port.is_some_and(|port| port != "0")
        }
        None => {
            let range = scope.source.range(span(address));
            scope.source.has_name(&range, "UNSPECIFIED") && !is_client(address)
        }
    };
    let whole = 0..scope.source.text.len();
    if is_any && !scope.source.mentions(&whole, &ASKS) {
        found.say(
            span(call.expr),
            scope,
            "whoever reaches this machine reaches this: who may, and who asks?",
        );
    }
}

/// `(Ipv4Addr::UNSPECIFIED, 0)`
fn is_client(address: &Expr) -> bool {
    match peel(address) {
        Expr::Tuple(pair) => pair.elems.last().and_then(number) == Some(0),
        Expr::Call(call) => call.args.last().and_then(number) == Some(0),
        _ => false,
    }
}
