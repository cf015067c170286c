"""A parsed question against a schema: every name is resolved, every route found, every mistake told at its token.

After ``bind`` nothing about the question can fail any more except the data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relfm.errors import QuestionError, SchemaError
from relfm.query.limits import TOO_DEEP, TOO_DEEP_HINT
from relfm.query.nodes import Aggregate, Column, Comparison, Entity, Logic, Not, PredictiveQuery, TextSpan
from relfm.query.parser import parse
from relfm.query.routes import Route, describe_routes, routes
from relfm.query.walk import aggregates_of, columns_of, columns_outside_aggregates, walk
from relfm.schema import Schema, Table, link_form, match_name


@dataclass(frozen=True)
class BoundAggregate:
    """An aggregate over ``table``: ``route`` leads to the entity, ``parents`` to each other table that it reads."""

    aggregate: Aggregate
    table: str
    route: Route
    parents: dict[str, Route]


@dataclass(frozen=True)
class BoundQuery:
    """``query`` with the schema's own names; ``parents`` leads from the entity to each parent that it reads."""

    query: PredictiveQuery
    schema: Schema
    aggregates: dict[Aggregate, BoundAggregate]
    parents: dict[str, Route]

    @property
    def entity(self) -> Table:
        return self.schema.tables[self.query.entity.table]

    def fault(self, message: str, hint: str | None, node: Any) -> QuestionError:
        """A QuestionError that points at ``node``."""
        return QuestionError(message, hint, text=self.query.text, span=span_of(node))


def bind(query: PredictiveQuery | str, schema: Schema) -> BoundQuery:
    """``query`` with all names resolved against ``schema`` (without regard to case)."""
    if isinstance(query, str) or query.text is None:
        query = parse(_text_of(query), schema)
    names = _Names(schema, query.text)
    entity = names.entity(query.entity)
    query = replace(
        query,
        entity=entity,
        target=names.resolve(query.target),
        where=names.resolve(query.where),
        assuming=names.resolve(query.assuming),
    )
    paths = _Paths(schema, query.text, entity)
    whole = (query.target, query.where, query.assuming)
    aggregates = {a: paths.of_aggregate(a) for a in aggregates_of(whole)}
    parents = {c.table: paths.to_parent(entity.table, c) for c in columns_outside_aggregates(whole)}
    return BoundQuery(query, schema, aggregates, parents)


def _text_of(query: PredictiveQuery | str) -> str:
    try:
        return str(query)
    except RecursionError:  # built in code: a text that is so deep is refused where it is parsed
        raise QuestionError(TOO_DEEP, TOO_DEEP_HINT) from None


def span_of(node: Any) -> TextSpan | None:
    """Where ``node`` stands in the text: its own span, or the stretch from its first to its last part."""
    own = getattr(node, "span", None)
    if own is not None:
        return own
    spans = [n.span for n in walk(node) if getattr(n, "span", None) is not None]
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


class _Names:
    """Replaces names by the schema's own."""

    def __init__(self, schema: Schema, text: str) -> None:
        self.schema, self.text = schema, text

    def table(self, name: str, span: TextSpan | None) -> Table:
        try:
            return self.schema.table(name)
        except SchemaError as error:
            raise QuestionError(error.message, error.hint, text=self.text, span=span) from None

    def column(self, column: Column) -> Column:
        table = self.table(column.table, column.table_span)
        if column.name == "*":
            return replace(column, table=table.name)
        try:
            return replace(column, table=table.name, name=table.column(column.name).name)
        except SchemaError as error:
            elsewhere = [t.name for t in self.schema.tables.values() if match_name(column.name, _names(t))]
            hint = error.hint
            if elsewhere and not hint.startswith("did you mean"):
                hint = f"{' and '.join(elsewhere)} {'has' if len(elsewhere) == 1 else 'have'} {column.name}; {hint}"
            raise QuestionError(error.message, hint, text=self.text, span=column.name_span) from None

    def entity(self, entity: Entity) -> Entity:
        table = self.table(entity.table, entity.table_span)
        key = entity.key
        if key is not None:
            key = self.column(Column(table.name, key, entity.span, entity.table_span, entity.key_span)).name
            if table.primary_key != (key,):
                raise self._no_key(table, key, entity)
        elif entity.ids is not None:
            named = f"{table.name}.{table.primary_key[0]}" if len(table.primary_key) == 1 else f"{table.name}.…"
            raise QuestionError(
                f"'{table.name}' is compared with ids but names no key", f"write FOR {named} = …",
                text=self.text, span=entity.span,
            )  # fmt: skip
        elif len(table.primary_key) == 1:
            key = table.primary_key[0]
        return replace(entity, table=table.name, key=key)

    def _no_key(self, table: Table, key: str, entity: Entity) -> QuestionError:
        """The column after FOR is not the key of its table: say which question was probably meant."""
        parents = [fk for fk in table.foreign_keys if fk.columns == (key,)]
        if parents:
            hint = f"ask FOR EACH {parents[0].table}.{parents[0].other_columns[0]}"
        elif len(table.primary_key) == 1:
            hint = f"the key of {table.name} is {table.primary_key[0]}"
        elif table.primary_key:
            hint = f"the key of {table.name} is ({', '.join(table.primary_key)}): write FOR EACH {table.name}"
        else:
            hint = f"{table.name} has no key: write FOR EACH {table.name}, or declare its primary_key in relfm.toml"
            repeats = [d.evidence for d in table.decisions if d.column == key and "repeats" in d.evidence]
            hint = f"{repeats[0]}; drop the rows that are too many, or write FOR EACH {table.name}" if repeats else hint
        return QuestionError(
            f"{table.name}.{key} is not the primary key of {table.name}", hint, text=self.text, span=entity.span
        )

    def resolve(self, node: Any) -> Any:
        """``node`` with every column in it resolved."""
        if isinstance(node, Column):
            return self.column(node)
        if isinstance(node, tuple):
            return tuple(self.resolve(member) for member in node)
        if isinstance(node, Logic):
            return replace(node, conditions=self.resolve(node.conditions))
        if isinstance(node, Not):
            return replace(node, condition=self.resolve(node.condition))
        if isinstance(node, Aggregate):
            argument, where, via = self.resolve(node.argument), self.resolve(node.where), self.resolve(node.via)
            return replace(node, argument=argument, where=where, via=via)
        if isinstance(node, Comparison) or hasattr(node, "left"):
            return replace(node, left=self.resolve(node.left), right=self.resolve(node.right))
        return node


class _Paths:
    """Finds the way from what is read to the entity."""

    def __init__(self, schema: Schema, text: str, entity: Entity) -> None:
        self.schema, self.text, self.entity = schema, text, entity

    def of_aggregate(self, aggregate: Aggregate) -> BoundAggregate:
        columns = columns_of((aggregate.argument, aggregate.where))
        if inner := aggregates_of((aggregate.argument, aggregate.where)):
            raise self._error("an aggregate cannot stand inside another", "compare them side by side instead", inner[0])
        if not columns:
            raise self._error("the aggregate reads no column", "write COUNT(table.*, …)", aggregate)
        table = self._lowest(aggregate, columns)
        via = [(c.table, c.name) for c in aggregate.via]
        found = routes(self.schema, table, self.entity.table, via)
        route = self._only(found, aggregate, lambda: self._no_way(table, aggregate))
        parents = {c.table: self.to_parent(table, c) for c in columns if c.table != table}
        return BoundAggregate(aggregate, table, route, parents)

    def to_parent(self, start: str, column: Column) -> Route:
        found = routes(self.schema, start, column.table, shortest=0)
        return self._only(found, column, lambda: self._not_a_parent(start, column))

    def _lowest(self, aggregate: Aggregate, columns: Sequence[Column]) -> str:
        """The table whose rows the aggregate is over: the one from which all others that it reads are reached."""
        argument = columns_of(aggregate.argument)
        if any(c.name == "*" for c in argument):
            return argument[0].table
        tables = list(dict.fromkeys(c.table for c in columns))
        for table in tables:
            if all(routes(self.schema, table, other, shortest=0) for other in tables):
                return table
        return tables[0]

    def _only(self, found: list[Route], node: Any, none: Callable[[], QuestionError]) -> Route:
        if not found:
            raise none()
        if len(found) > 1:
            start, goal = found[0][0].table, found[0][-1].key.table
            hint = f"name the foreign key: {describe_routes(found)}"
            if isinstance(node, Column):
                hint = f"{describe_routes(found)}; the language cannot choose here, label SQL can"
            raise self._error(f"there are {len(found)} routes from {start} to {goal}", hint, node)
        return found[0]

    def _no_way(self, table: str, aggregate: Aggregate) -> QuestionError:
        if aggregate.via:
            named = " and ".join(str(c) for c in aggregate.via)
            hint = f"no route uses {named}; leave VIA out or name a foreign key on the way"
        elif table == self.entity.table:
            hint = f"{table} is the entity itself; count the rows of a table that points at it"
        else:
            children = [t.name for t in self.schema.tables.values() if routes(self.schema, t.name, self.entity.table)]
            hint = f"tables that lead to {self.entity.table}: {', '.join(children) or 'none'}"
            hint += f"; {self._link_to_declare(table, self.entity.table)}"
        return self._error(f"no foreign key leads from {table} to {self.entity.table}", hint, aggregate)

    def _not_a_parent(self, start: str, column: Column) -> QuestionError:
        if routes(self.schema, column.table, start):
            what = f"a row of {start} has many rows of {column.table}"
            return self._error(what, f"aggregate them: COUNT({column.table}.*, -90, 0, days)", column)
        hint = f"use label SQL for this; {self._link_to_declare(start, column.table)}"
        return self._error(f"no foreign key leads from {start} to {column.table}", hint, column)

    def _link_to_declare(self, table: str, parent: str) -> str:
        """How the user says that rows of ``table`` point at ``parent``, where the database does not."""
        key = self.schema.tables[parent].primary_key
        other = key[0] if len(key) == 1 else "…"
        column = match_name(other, _names(self.schema.tables[table])) or "…"
        return f"a link that the database lacks is declared in relfm.toml:{link_form(table, column, parent, other)}"

    def _error(self, message: str, hint: str, node: Any) -> QuestionError:
        return QuestionError(message, hint, text=self.text, span=span_of(node))


def _names(table: Table) -> list[str]:
    return [c.name for c in table.columns]
