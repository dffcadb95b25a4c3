//! The one walk over a file, which stops at every place that some rule looks at.

use std::ops::Range;

use syn::visit::{self, Visit};
use syn::{Arm, Block, Expr, File, FnArg, Item, Local, Macro, Signature};

use crate::bodies::{Bodies, Body};
use crate::finding::Setting;
use crate::knowledge::Knowledge;
use crate::look::{By, Call, Found, Invoked, Look, Method, Named, OnCall, OnMethod};
use crate::outline::{Names, Outline};
use crate::own::Called;
use crate::rule::Rule;
use crate::scope::{Function, Loop, Origin, Scope};
use crate::source::Source;
use crate::syntax::{called, span};
use crate::tested;

/// What each kind of place is shown to.
pub(crate) struct Looks {
    call: Vec<(&'static Rule, OnCall)>,
    method: Vec<(&'static Rule, OnMethod)>,
    others: Vec<(&'static Rule, &'static Look)>,
}

impl Looks {
    pub(crate) fn of(rules: impl Iterator<Item = &'static Rule>) -> Looks {
        let mut looks = Looks { call: Vec::new(), method: Vec::new(), others: Vec::new() };
        for rule in rules {
            for look in rule.looks {
                match look {
                    Look::Call(look) => looks.call.push((rule, *look)),
                    Look::Method(look) => looks.method.push((rule, *look)),
                    look => looks.others.push((rule, look)),
                }
            }
        }
        looks
    }
}

/// Whether test code is looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Tests {
    /// It is left out.
    #[default]
    LeaveOut,
    /// It is looked at, and what is found there counts as [`Level::Info`](crate::Level::Info).
    Include,
}

/// What one walk brought.
pub(crate) struct Walked {
    pub(crate) found: Found,
    /// For each comment to the audit that waits for the next item or statement, where that ends.
    pub(crate) ends: Vec<(usize, usize)>,
    /// What was left out as test code, in bytes.
    pub(crate) left_out: Vec<Range<usize>>,
    /// Modules in files of their own that are built for tests alone, each with the modules of this file around it.
    pub(crate) test_modules: Vec<String>,
    /// What is called as a function of the user's own is.
    pub(crate) called: Called,
}

/// Walks over a file. `wanted` are the places at which what follows a comment begins, from and to.
pub(crate) fn walk<'a>(
    file: &'a File,
    prepared: &'a Prepared<'a>,
    looks: &'a Looks,
    tests: Tests,
    wanted: &'a [Range<usize>],
) -> Walked {
    let scope = Scope {
        source: prepared.source,
        knowledge: prepared.knowledge,
        outline: &prepared.outline,
        bodies: &prepared.bodies,
        setting: prepared.setting,
        module: prepared.module.clone(),
        self_type: None,
        generics: Vec::new(),
        functions: Vec::new(),
        parents: Vec::new(),
        macros: Vec::new(),
        bindings: Vec::new(),
        blocks: Vec::new(),
    };
    let ends = wanted.iter().map(|range| (range.start, range.end)).collect();
    let walked = Walked {
        found: Found::default(),
        ends,
        left_out: Vec::new(),
        test_modules: Vec::new(),
        called: Called::default(),
    };
    let mut traversal = Traversal { scope, looks, tests, wanted, walked, root: prepared.module.clone() };
    traversal.visit_file(file);
    traversal.walked
}

/// A file with what was learnt of it before the walk.
pub(crate) struct Prepared<'a> {
    pub(crate) source: &'a Source<'a>,
    pub(crate) knowledge: &'a Knowledge,
    pub(crate) outline: Outline<'a>,
    pub(crate) bodies: Bodies,
    pub(crate) setting: Setting,
    pub(crate) module: String,
}

struct Traversal<'a> {
    scope: Scope<'a>,
    looks: &'a Looks,
    tests: Tests,
    wanted: &'a [Range<usize>],
    walked: Walked,
    root: String,
}

/// Shows a place to each rule that looks at places of its kind.
macro_rules! show {
    ($self:ident, $kind:ident, $place:expr) => {
        for (rule, look) in &$self.looks.others {
            if let Look::$kind(look) = look {
                $self.walked.found.rule = Some(*rule);
                look($place, &$self.scope, &mut $self.walked.found);
            }
        }
    };
}

impl<'a> Traversal<'a> {
    /// Does something within test code, or leaves it out.
    fn tested(&mut self, whole: Option<Range<usize>>, within: impl FnOnce(&mut Self)) {
        if self.tests == Tests::LeaveOut {
            self.walked.left_out.extend(whole);
            return;
        }
        let before = std::mem::replace(&mut self.scope.setting, Setting::Test);
        within(self);
        self.scope.setting = before;
    }

    /// Notes where a node ends that a comment stands before.
    fn follow(&mut self, node: &impl syn::spanned::Spanned) {
        if self.wanted.is_empty() {
            return;
        }
        let whole = self.scope.source.range(span(node));
        let first = self.wanted.partition_point(|wanted| wanted.end < whole.start);
        for (wanted, (_, end)) in self.wanted.iter().zip(&mut self.walked.ends).skip(first) {
            if wanted.start > whole.start {
                break;
            }
            *end = (*end).max(whole.end);
        }
    }

    /// The same for an item, of which a comment may stand below its documentation and its attributes.
    fn follow_item(&mut self, item: &impl syn::spanned::Spanned, attributes: &[syn::Attribute]) {
        self.follow(item);
        let Some(last) = attributes.last().filter(|_| !self.wanted.is_empty()) else { return };
        let source = self.scope.source;
        let whole = source.range(span(item));
        let last = source.range(span(last)).end.min(whole.end);
        let first = self.wanted.partition_point(|wanted| wanted.start < whole.start);
        for (wanted, (_, end)) in self.wanted.iter().zip(&mut self.walked.ends).skip(first) {
            let between = source.text.get(last..wanted.start).unwrap_or_default();
            let is_comment = |line: &str| line.is_empty() || line.starts_with("//") || line.starts_with("/*");
            if wanted.start > whole.end || !between.lines().map(str::trim).all(is_comment) {
                break;
            }
            *end = (*end).max(whole.end);
        }
    }

    fn function(&mut self, signature: &'a Signature, block: &'a Block) {
        let source = self.scope.source;
        let start = source.range(signature.fn_token.span).start;
        let end = source.range(block.brace_token.span.close()).end;
        let name = signature.ident.to_string();
        let function = Function { name, signature, block, span: start..end };
        // What is declared in a function cannot see its variables.
        let parents = std::mem::take(&mut self.scope.parents);
        let bindings = std::mem::take(&mut self.scope.bindings);
        let macros = std::mem::take(&mut self.scope.macros);
        self.scope.generics.push(&signature.generics);
        for input in &signature.inputs {
            if let FnArg::Typed(input) = input {
                self.scope.bind(&input.pat, Origin::Type(&input.ty));
            }
        }
        self.scope.functions.push(function.clone());
        show!(self, Function, &function);
        self.visit_block(block);
        self.scope.functions.pop();
        self.scope.generics.pop();
        self.scope.bindings = bindings;
        self.scope.macros = macros;
        self.scope.parents = parents;
    }

    /// Does something that may bind names, and forgets them.
    fn scoped(&mut self, within: impl FnOnce(&mut Self)) {
        let known = self.scope.bindings.len();
        within(self);
        self.scope.bindings.truncate(known);
    }

    fn body(&mut self, body: &'a Body) {
        match body {
            Body::List(list) => list.iter().for_each(|expr| self.visit_expr(expr)),
            Body::Repeat(expr, count) => {
                self.visit_expr(expr);
                self.visit_expr(count);
            }
            Body::Statements(statements) => {
                self.scoped(|walk| statements.iter().for_each(|statement| walk.visit_stmt(statement)));
            }
            Body::Select(arms) => {
                for arm in arms {
                    self.scoped(|walk| {
                        if let Some((pat, expr)) = &arm.waits {
                            walk.visit_expr(expr);
                            walk.scope.bind(pat, Origin::Value(expr));
                        }
                        arm.condition.iter().chain([&arm.then]).for_each(|expr| walk.visit_expr(expr));
                    });
                }
            }
        }
    }

    fn show_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) => self.show_call(call),
            Expr::MethodCall(expr) => {
                self.walked.called.hear_method(expr, &self.scope);
                let method = Method { expr, name: expr.method.to_string() };
                for (rule, look) in &self.looks.method {
                    self.walked.found.rule = Some(*rule);
                    look(&method, &self.scope, &mut self.walked.found);
                }
            }
            Expr::Binary(binary) => show!(self, Binary, binary),
            Expr::Lit(_) => {
                if let Some(text) = crate::syntax::text(expr) {
                    show!(self, Text, text);
                }
            }
            Expr::Assign(assigned) => {
                let (name, place) = (called(&assigned.left), span(&*assigned.left));
                self.show_named(name, By::Assignment, place, &assigned.right);
            }
            Expr::Struct(made) => {
                for field in &made.fields {
                    let (name, place) = match &field.member {
                        syn::Member::Named(name) => (Some(name), name.span()),
                        syn::Member::Unnamed(number) => (None, number.span),
                    };
                    self.show_named(name, By::Field, place, &field.expr);
                }
            }
            Expr::ForLoop(found) => show!(self, Loop, &Loop::For(found)),
            Expr::While(found) => show!(self, Loop, &Loop::While(found)),
            Expr::Loop(found) => show!(self, Loop, &Loop::Endless(found)),
            _ => {}
        }
    }

    fn show_named(
        &mut self,
        name: Option<&'a syn::Ident>,
        by: By,
        place: proc_macro2::Span,
        value: &'a Expr,
    ) {
        let named = Named { name, by, place, value };
        show!(self, Named, &named);
    }

    fn show_call(&mut self, expr: &'a syn::ExprCall) {
        let Expr::Path(path) = &*expr.func else { return };
        if path.qself.is_some() || self.looks.call.is_empty() {
            return;
        }
        let at = path.path.segments.last().map_or(expr.paren_token.span.open(), |last| last.ident.span());
        let call = Call { expr, path: self.scope.path(&path.path), span: at };
        self.walked.called.hear_function(&call.path, self.scope.knowledge);
        for (rule, look) in &self.looks.call {
            self.walked.found.rule = Some(*rule);
            look(&call, &self.scope, &mut self.walked.found);
        }
    }

    /// Goes into an expression; what binds names is gone into by hand, in the order in which it happens.
    fn enter_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Closure(closure) => self.scoped(|walk| {
                closure.inputs.iter().for_each(|pat| walk.scope.bind(pat, Origin::Unknown));
                walk.visit_expr(&closure.body);
            }),
            Expr::If(found) => {
                self.scoped(|walk| {
                    walk.visit_expr(&found.cond);
                    walk.visit_block(&found.then_branch);
                });
                if let Some((_, otherwise)) = &found.else_branch {
                    self.visit_expr(otherwise);
                }
            }
            Expr::While(found) => self.scoped(|walk| {
                walk.visit_expr(&found.cond);
                walk.visit_block(&found.body);
            }),
            Expr::ForLoop(found) => {
                self.visit_expr(&found.expr);
                self.scoped(|walk| {
                    walk.scope.bind(&found.pat, Origin::Unknown);
                    walk.visit_block(&found.body);
                });
            }
            Expr::Let(found) => {
                self.visit_expr(&found.expr);
                self.scope.bind(&found.pat, Origin::Value(&found.expr));
            }
            Expr::Match(found) => {
                self.visit_expr(&found.expr);
                for arm in &found.arms {
                    self.arm(arm, &found.expr);
                }
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn arm(&mut self, arm: &'a Arm, matched: &'a Expr) {
        self.follow(arm);
        if tested::is_attributed(&arm.attrs) {
            let whole = (!self.wanted.is_empty()).then(|| self.scope.source.range(span(arm)));
            return self.tested(whole, |walk| walk.enter_arm(arm, matched));
        }
        self.enter_arm(arm, matched);
    }

    fn enter_arm(&mut self, arm: &'a Arm, matched: &'a Expr) {
        self.scoped(|walk| {
            walk.scope.bind(&arm.pat, Origin::Value(matched));
            if let syn::Pat::Guard(guarded) = &arm.pat {
                walk.visit_expr(&guarded.guard);
            }
            walk.visit_expr(&arm.body);
        });
    }
}

impl<'a> Visit<'a> for Traversal<'a> {
    fn visit_file(&mut self, file: &'a File) {
        if tested::is_attributed(&file.attrs) || tested::is_generated(self.scope.source.text) {
            let whole = 0..self.scope.source.text.len();
            self.tested(Some(whole), |walk| visit::visit_file(walk, file));
        } else {
            visit::visit_file(self, file);
        }
    }

    fn visit_item(&mut self, item: &'a Item) {
        self.follow_item(item, tested::attributes(item));
        let is_test = tested::is_attributed(tested::attributes(item))
            || match item {
                Item::Mod(item) => tested::is_module(&item.ident.to_string()),
                Item::Fn(item) => tested::is_function(&item.sig.ident.to_string()),
                _ => false,
            };
        if !is_test {
            return visit::visit_item(self, item);
        }
        if let Item::Mod(inner) = item
            && inner.content.is_none()
        {
            let around = self.scope.module.strip_prefix(&self.root).unwrap_or_default();
            self.walked.test_modules.push(format!("{around}::{}", inner.ident));
        }
        let whole = (!self.wanted.is_empty()).then(|| self.scope.source.range(span(item)));
        self.tested(whole, |walk| visit::visit_item(walk, item));
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if let Some((_, items)) = &item.content {
            let inner = format!("{}::{}", self.scope.module, item.ident);
            let before = std::mem::replace(&mut self.scope.module, inner);
            items.iter().for_each(|item| self.visit_item(item));
            self.scope.module = before;
        }
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        let owner = self.scope.self_type.take();
        self.function(&item.sig, &item.block);
        self.scope.self_type = owner;
    }

    fn visit_item_impl(&mut self, item: &'a syn::ItemImpl) {
        let owner = self.scope.self_type.replace(&item.self_ty);
        self.scope.generics.push(&item.generics);
        show!(self, Impl, item);
        item.items.iter().for_each(|item| self.visit_impl_item(item));
        self.scope.generics.pop();
        self.scope.self_type = owner;
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.follow_item(item, &item.attrs);
        let is_test = tested::is_attributed(&item.attrs) || tested::is_function(&item.sig.ident.to_string());
        if is_test {
            let whole = (!self.wanted.is_empty()).then(|| self.scope.source.range(span(item)));
            self.tested(whole, |walk| walk.function(&item.sig, &item.block));
        } else {
            self.function(&item.sig, &item.block);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'a syn::TraitItemFn) {
        self.follow_item(item, &item.attrs);
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
    }

    fn visit_item_struct(&mut self, item: &'a syn::ItemStruct) {
        show!(self, Struct, item);
        item.fields.iter().for_each(|field| self.follow(field));
    }

    fn visit_item_enum(&mut self, item: &'a syn::ItemEnum) {
        show!(self, Enum, item);
        for variant in &item.variants {
            self.follow(variant);
            variant.fields.iter().for_each(|field| self.follow(field));
        }
    }

    fn visit_item_const(&mut self, item: &'a syn::ItemConst) {
        self.visit_expr(&item.expr);
        self.show_named(Some(&item.ident), By::Constant, item.ident.span(), &item.expr);
    }

    fn visit_item_static(&mut self, item: &'a syn::ItemStatic) {
        self.visit_expr(&item.expr);
        self.show_named(Some(&item.ident), By::Constant, item.ident.span(), &item.expr);
    }

    fn visit_impl_item_const(&mut self, item: &'a syn::ImplItemConst) {
        self.visit_expr(&item.expr);
        self.show_named(Some(&item.ident), By::Constant, item.ident.span(), &item.expr);
    }

    fn visit_block(&mut self, block: &'a Block) {
        let names = Names::of_block(block);
        let has_names = names.is_some();
        if let Some(names) = names {
            self.scope.open(names);
        }
        self.scoped(|walk| block.stmts.iter().for_each(|statement| walk.visit_stmt(statement)));
        if has_names {
            self.scope.blocks.pop();
        }
    }

    fn visit_stmt(&mut self, statement: &'a syn::Stmt) {
        self.follow(statement);
        visit::visit_stmt(self, statement);
    }

    fn visit_local(&mut self, local: &'a Local) {
        let mut origin = Origin::Unknown;
        if let Some(init) = &local.init {
            self.visit_expr(&init.expr);
            if let Some((_, otherwise)) = &init.diverge {
                self.visit_expr(otherwise);
            }
            origin = Origin::Value(&init.expr);
            self.show_named(name_of(&local.pat), By::Let, place_of(&local.pat), &init.expr);
        }
        self.scope.bind(&local.pat, origin);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.scope.parents.push(expr);
        self.show_expr(expr);
        self.enter_expr(expr);
        self.scope.parents.pop();
    }

    fn visit_macro(&mut self, invoked: &'a Macro) {
        let body = self.scope.bodies.get(invoked);
        let name = invoked.path.segments.last().map_or(String::new(), |last| last.ident.to_string());
        let place = Invoked { expr: invoked, name, body };
        show!(self, Macro, &place);
        if let Some(body) = body {
            self.scope.macros.push((self.scope.parents.len(), invoked));
            self.body(body);
            self.scope.macros.pop();
        }
    }

    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}

    fn visit_type(&mut self, _: &'a syn::Type) {}

    fn visit_pat(&mut self, _: &'a syn::Pat) {}

    fn visit_path(&mut self, _: &'a syn::Path) {}
}

/// The name that a pattern gives, if it is no more than that.
fn name_of(pat: &syn::Pat) -> Option<&syn::Ident> {
    match pat {
        syn::Pat::Ident(pat) => Some(&pat.ident),
        syn::Pat::Type(pat) => name_of(&pat.pat),
        _ => None,
    }
}

/// Where a pattern stands; of a name, which most are, it is known without a look at its tokens.
fn place_of(pat: &syn::Pat) -> proc_macro2::Span {
    match pat {
        syn::Pat::Ident(name)
            if name.mutability.is_none() && name.by_ref.is_none() && name.subpat.is_none() =>
        {
            name.ident.span()
        }
        _ => span(pat),
    }
}
