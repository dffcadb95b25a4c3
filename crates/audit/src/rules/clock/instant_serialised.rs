//! A moment of this machine, sent to another: the rule `clock::instant-serialised`.

use syn::{Attribute, Field, Fields, ItemEnum, ItemImpl, ItemStruct, Type};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look};
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::source::Source;
use crate::syntax::{ends_with, span};

pub(crate) const RULE: Rule = Rule {
    id: "clock::instant-serialised",
    family: Family::Clock,
    level: Level::Deny,
    title: "a moment of this machine's own clock, written down",
    page: Page {
        why: "An `Instant` counts from a moment that this machine chose, often when it was switched on. On another machine, and \
              on this one after a restart, the number means another time. Going by way of two wall clocks adds what these \
              differ by.",
        incident: "A lease is sent as an `Instant` by way of the wall clock, and the receiver's is ten \
                   seconds behind; in MSS-17 two differed by 600 ms. It holds the lease ten seconds \
                   longer than the sender believes, and two hold it.",
        instead: "send a span and let the receiver count, or a wall time with its uncertainty",
        better: "struct Grant {\n    valid_for: Duration, // counted from when it was asked for\n}",
        alike: &[
            "a field with `#[serde(skip)]`",
            "an `Instant` in a structure that is written by nobody",
            "a type of that name that is not a monotonic clock's",
        ],
        allow: "If reader and writer are one process, say so.",
        shows: &["hunt specimen:lease/wall-clock", "hunt specimen:lease/monotonic-through-suspend"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Struct(look_struct), Look::Enum(look_enum), Look::Impl(look_impl)],
};

fn look_struct<'a>(item: &'a ItemStruct, scope: &Scope<'a>, found: &mut Found) {
    if is_written(&item.attrs, scope.source) {
        look_fields(&item.fields, scope, found);
    }
}

fn look_enum<'a>(item: &'a ItemEnum, scope: &Scope<'a>, found: &mut Found) {
    if is_written(&item.attrs, scope.source) {
        item.variants.iter().for_each(|variant| look_fields(&variant.fields, scope, found));
    }
}

fn look_fields(fields: &Fields, scope: &Scope<'_>, found: &mut Found) {
    for field in fields.iter().filter(|field| is_moment(&field.ty, scope)) {
        found.looked(span(&field.ty));
        if !is_skipped(field, scope.source) {
            let here = "this is written and read as a number, which means another time on another machine";
            found.say(span(&field.ty), scope, here);
        }
    }
}

fn is_moment(kind: &Type, scope: &Scope<'_>) -> bool {
    scope.typed(kind).is_some_and(|kind| {
        let is = |path: &str| scope.knowledge.is(path, "monotonic");
        is(&kind.path) || kind.of.iter().any(|inner| is(&inner.path))
    })
}

/// Whether attributes derive `Serialize` or `Deserialize`.
fn is_written(attributes: &[Attribute], source: &Source<'_>) -> bool {
    attributes.iter().any(|attribute| {
        let is_derive = attribute.path().is_ident("derive") || attribute.path().is_ident("cfg_attr");
        is_derive && source.mentions(&source.range(span(attribute)), &["serialize", "deserialize"])
    }) && !attributes.iter().any(|attribute| {
        // Another type is written instead.
        let is_serde = attribute.path().is_ident("serde");
        is_serde && source.mentions(&source.range(span(attribute)), &["into", "from"])
    })
}

fn is_skipped(field: &Field, source: &Source<'_>) -> bool {
    field.attrs.iter().any(|attribute| {
        let is_serde = attribute.path().is_ident("serde") || attribute.path().is_ident("cfg_attr");
        is_serde && {
            let range = source.range(span(attribute));
            // One that is read alone was made here.
            source.mentions(&range, &["skip"]) || source.has_name(&range, "deserialize_with")
        }
    })
}

/// `impl Serialize` whose body has both an `Instant` and a wall clock in it.
fn look_impl<'a>(item: &'a ItemImpl, scope: &Scope<'a>, found: &mut Found) {
    let is_serialize = item
        .trait_
        .as_ref()
        .is_some_and(|(path, _)| ends_with(path, "Serialize") || ends_with(path, "Deserialize"));
    if !is_serialize {
        return;
    }
    let range = scope.source.range(span(item));
    let has = |word: &str| scope.source.mentions(&range, &[word]);
    if has("instant") {
        found.looked(span(&item.self_ty));
        if has("system") && has("now") {
            let here = "this turns a moment of the monotonic clock into one of the wall clock, which the reader turns back by its own two";
            found.say(span(&item.self_ty), scope, here);
        }
    }
}
