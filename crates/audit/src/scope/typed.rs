//! Of which type an expression is, as far as its file says: one declaration away, and no further.

use syn::{
    Expr, GenericArgument, Generics, Ident, Member, PathArguments, ReturnType, Signature, Type,
    TypeParamBound, WherePredicate,
};

use super::{Origin, Scope};
use crate::effort;
use crate::outline::{Declared, Names, text_of};
use crate::syntax::PASSES_ON;

/// A type, with those in its angle brackets. `Option`, `Result`, `Box`, `Arc` and references are what is in them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Typed {
    /// Its full path; `(,)` of a tuple.
    pub(crate) path: String,
    pub(crate) of: Vec<Typed>,
}

impl Typed {
    fn plain(path: impl Into<String>) -> Typed {
        Typed { path: path.into(), of: Vec::new() }
    }
}

const TUPLE: &str = "(,)";

/// How many declarations are followed, one after the other.
const STEPS_MAX: usize = 10;

/// What is nothing but what is in it.
const WRAPPERS: [&str; 11] =
    ["Option", "Result", "Box", "Arc", "Rc", "Pin", "Some", "Ok", "Cow", "ManuallyDrop", "Poll"];

pub(super) struct Reader<'r, 'a> {
    scope: &'r Scope<'a>,
}

impl<'r, 'a> Reader<'r, 'a> {
    pub(super) fn of(scope: &'r Scope<'a>) -> Reader<'r, 'a> {
        Reader { scope }
    }

    /// A written type, in the module in which it is written.
    pub(super) fn kind(&self, kind: &Type, module: &str, steps: usize) -> Option<Typed> {
        if steps > STEPS_MAX {
            return None;
        }
        match kind {
            Type::Reference(inner) => self.kind(&inner.elem, module, steps + 1),
            Type::Paren(inner) => self.kind(&inner.elem, module, steps + 1),
            Type::Group(inner) => self.kind(&inner.elem, module, steps + 1),
            Type::ImplTrait(bounds) => self.bound(bounds.bounds.iter(), module),
            Type::TraitObject(bounds) => self.bound(bounds.bounds.iter(), module),
            Type::Tuple(parts) => {
                let of = parts
                    .elems
                    .iter()
                    .map(|part| self.kind(part, module, steps + 1).unwrap_or_else(|| Typed::plain("?")));
                Some(Typed { path: TUPLE.to_owned(), of: of.collect() })
            }
            Type::Path(path) if path.qself.is_none() => self.named(&path.path, module, steps),
            _ => None,
        }
    }

    fn named(&self, path: &syn::Path, module: &str, steps: usize) -> Option<Typed> {
        let last = path.segments.last()?;
        let inner = || match &last.arguments {
            PathArguments::AngleBracketed(arguments) => arguments
                .args
                .iter()
                .filter_map(|argument| match argument {
                    GenericArgument::Type(kind) => Some(kind),
                    _ => None,
                })
                .collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        if WRAPPERS.iter().any(|name| last.ident == name) {
            return inner().first().and_then(|kind| self.kind(kind, module, steps + 1));
        }
        if let Some(name) = path.get_ident() {
            if name == "Self" {
                return self.scope.self_type.and_then(|owner| self.kind(owner, module, steps + 1));
            }
            if let Some(found) = self.parameter(name, module) {
                return Some(found);
            }
        }
        let full = self.resolve(&text_of(path), module);
        let of = inner().into_iter();
        let of = of.map(|kind| self.kind(kind, module, steps + 1).unwrap_or_else(|| Typed::plain("?")));
        Some(Typed { path: full, of: of.collect() })
    }

    fn resolve(&self, text: &str, module: &str) -> String {
        let blocks: &[Names] = if module == self.scope.module { &self.scope.blocks } else { &[] };
        self.scope.resolve(text, module, blocks)
    }

    /// What a type parameter must be.
    fn parameter(&self, name: &Ident, module: &str) -> Option<Typed> {
        self.scope.generics.iter().rev().find_map(|generics| self.parameter_of(generics, name, module))
    }

    fn parameter_of(&self, generics: &Generics, name: &Ident, module: &str) -> Option<Typed> {
        let parameter =
            generics.type_params().find(|parameter| !effort::spend(1) || parameter.ident == *name)?;
        let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        let clauses = clauses.take_while(|_| effort::spend(1));
        let bounds = clauses.filter_map(|clause| match clause {
            WherePredicate::Type(clause) => match &clause.bounded_ty {
                Type::Path(bounded) if bounded.path.is_ident(name) => Some(&clause.bounds),
                _ => None,
            },
            _ => None,
        });
        let bounds = parameter.bounds.iter().chain(bounds.flatten());
        Some(self.bound(bounds, module).unwrap_or_else(|| Typed::plain("?")))
    }

    /// The first trait that is known; otherwise the first.
    fn bound<'b>(&self, bounds: impl Iterator<Item = &'b TypeParamBound>, module: &str) -> Option<Typed> {
        let paths = bounds.filter_map(|bound| match bound {
            TypeParamBound::Trait(bound) => Some(self.resolve(&text_of(&bound.path), module)),
            _ => None,
        });
        let paths: Vec<String> = paths.collect();
        let known = paths.iter().find(|path| self.scope.knowledge.thing(path).is_some());
        known.or(paths.first()).map(|path| Typed::plain(path.clone()))
    }

    /// The type of an expression in which only the first so many variables are known.
    pub(super) fn expr(&self, expr: &Expr, known: usize, steps: usize) -> Option<Typed> {
        if steps > STEPS_MAX || !effort::spend(1) {
            return None;
        }
        let inner = |inner: &Expr| self.expr(inner, known, steps + 1);
        match expr {
            Expr::Await(expr) => inner(&expr.base),
            Expr::Try(expr) => inner(&expr.expr),
            Expr::Paren(expr) => inner(&expr.expr),
            Expr::Group(expr) => inner(&expr.expr),
            Expr::Reference(expr) => inner(&expr.expr),
            Expr::Unary(expr) if matches!(expr.op, syn::UnOp::Deref(_)) => inner(&expr.expr),
            Expr::Cast(expr) => self.kind(&expr.ty, &self.scope.module, steps + 1),
            // A moment and a span are a moment.
            Expr::Binary(expr) if matches!(expr.op, syn::BinOp::Add(_)) => inner(&expr.left),
            Expr::Path(path) if path.qself.is_none() => self.path(&path.path, known, steps),
            Expr::Field(field) => self.field(&inner(&field.base)?, &field.member, steps),
            Expr::Struct(made) => Some(Typed::plain(self.scope.path(&made.path))),
            Expr::Call(call) => self.call(call, known, steps),
            Expr::MethodCall(call) => self.method(call, known, steps),
            Expr::Macro(made) if made.mac.path.is_ident("vec") => Some(Typed::plain("std::vec::Vec")),
            _ => None,
        }
    }

    fn path(&self, path: &syn::Path, known: usize, steps: usize) -> Option<Typed> {
        if let Some(name) = path.get_ident() {
            let bindings = &self.scope.bindings[..known.min(self.scope.bindings.len())];
            // Whichever it ends at when no steps are left, nothing of this file is told.
            let at = bindings.iter().rposition(|binding| !effort::spend(1) || binding.name == name);
            if let Some(at) = at {
                return match bindings[at].origin {
                    Origin::Type(kind) => self.kind(kind, &self.scope.module, steps + 1),
                    // What it was made of was written before it was there.
                    Origin::Value(value) => self.expr(value, at, steps + 1),
                    Origin::Part(value, number) => {
                        let whole = self.expr(value, at, steps + 1)?;
                        if whole.path == TUPLE { whole.of.get(number).cloned() } else { None }
                    }
                    Origin::Unknown => None,
                };
            }
            if name == "self" {
                let owner = self.scope.self_type?;
                return self.kind(owner, &self.scope.module, steps + 1);
            }
        }
        let full = self.scope.path(path);
        let constant = self.scope.outline.constants.get(&self.local(full))?;
        self.kind(constant.of?, &constant.module, steps + 1)
    }

    /// A path of this file: a single name is one of this module.
    fn local(&self, path: String) -> String {
        if path.contains("::") { path } else { format!("{}::{path}", self.scope.module) }
    }

    fn field(&self, owner: &Typed, member: &Member, steps: usize) -> Option<Typed> {
        let declared = match member {
            Member::Unnamed(index) if owner.path == TUPLE => {
                return owner.of.get(index.index as usize).cloned();
            }
            Member::Unnamed(index) => self.fields(owner)?.get(index.index as usize),
            Member::Named(name) => {
                let is = |field: &&Declared<'a, &'a syn::Field>| {
                    !effort::spend(1) || field.what.ident.as_ref() == Some(name)
                };
                self.fields(owner)?.iter().find(is)
            }
        };
        let declared = declared?;
        self.kind(&declared.what.ty, &declared.module, steps + 1)
    }

    fn fields(&self, owner: &Typed) -> Option<&'r Vec<Declared<'a, &'a syn::Field>>> {
        // A guard of a lock reads as what it guards.
        let is_lock = self.scope.knowledge.is(&owner.path, "lock");
        let path = if is_lock { &owner.of.first()?.path } else { &owner.path };
        self.scope.outline.fields.get(path)
    }

    fn call(&self, call: &syn::ExprCall, known: usize, steps: usize) -> Option<Typed> {
        let Expr::Path(path) = &*call.func else { return None };
        let argument = |number: usize| {
            let argument = call.args.iter().nth(number)?;
            self.expr(argument, known, steps + 1)
        };
        let last = path.path.segments.last()?;
        if WRAPPERS.iter().any(|name| last.ident == name) {
            return argument(0);
        }
        let full = self.scope.path(&path.path);
        if let Some(act) = self.scope.knowledge.function(&full) {
            if let Some(number) = act.returns_argument {
                return argument(number);
            }
            if let Some(found) = returned(&act.returns) {
                return Some(found);
            }
        }
        let full = self.local(full);
        if let Some(declared) = self.scope.outline.functions.get(&full) {
            return self.result(declared, steps);
        }
        // A function of a type gives that type, more often than not.
        let (owner, _) = full.rsplit_once("::")?;
        let name = owner.rsplit("::").next()?;
        if WRAPPERS.contains(&name) {
            return argument(0);
        }
        let is_type = name.chars().next().is_some_and(char::is_uppercase);
        is_type.then(|| Typed { path: owner.to_owned(), of: argument(0).into_iter().collect() })
    }

    fn result(&self, declared: &Declared<'a, &'a Signature>, steps: usize) -> Option<Typed> {
        let ReturnType::Type(_, kind) = &declared.what.output else { return None };
        match (&**kind, declared.of) {
            (Type::Path(path), Some(owner)) if path.path.is_ident("Self") => {
                self.kind(owner, &declared.module, steps + 1)
            }
            _ => self.kind(kind, &declared.module, steps + 1),
        }
    }

    fn method(&self, call: &syn::ExprMethodCall, known: usize, steps: usize) -> Option<Typed> {
        let name = call.method.to_string();
        let owner = self.expr(&call.receiver, known, steps + 1);
        if let Some(act) = self.scope.knowledge.method(owner.as_ref().map(|owner| &*owner.path), &name)
            && let Some(found) = returned(&act.returns)
        {
            return Some(found);
        }
        let owner = owner?;
        let is_lock = self.scope.knowledge.is(&owner.path, "lock");
        if is_lock && call.args.is_empty() && matches!(&*name, "lock" | "write" | "read") {
            return owner.of.into_iter().next();
        }
        if let Some(declared) = self.scope.outline.functions.get(&format!("{}::{name}", owner.path)) {
            return self.result(declared, steps);
        }
        let is_builder = self.scope.knowledge.is(&owner.path, "builder")
            || self.scope.knowledge.is(&owner.path, "request");
        let is_passed_on = PASSES_ON.contains(&&*name) || name == "try_clone" || is_builder;
        is_passed_on.then_some(owner)
    }
}

fn returned(returns: &[String]) -> Option<Typed> {
    match returns {
        [] => None,
        [one] => Some(Typed::plain(one.clone())),
        several => Some(Typed {
            path: TUPLE.to_owned(),
            of: several.iter().map(|part| Typed::plain(part.clone())).collect(),
        }),
    }
}
