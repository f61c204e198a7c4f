import {
  Kind,
  parse,
  type ASTVisitor,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type ParseOptions,
  type SelectionNode,
  type SelectionSetNode,
  type Source,
  type ValidationContext,
  type ValidationRule,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { badInput } from "./errors";

/** Bytes of a request: a query and its variables. */
export const MAX_REQUEST_BYTES = 100_000;
const MAX_TOKENS = 3_000;
/** Filters nest by AND and OR and by relations; each level is another join. */
const MAX_ARGUMENT_DEPTH = 8;
const MAX_ARGUMENT_VALUES = 1_000;

export interface QueryLimits {
  /** Levels of fields in an operation. */
  readonly maxDepth: number;
  /** Fields in an operation, fragments counted wherever they are used. */
  readonly maxFields: number;
}

/** Refuses operations that are too deep, too wide or too long, before anything is read. */
export function useLimits(limits: QueryLimits): Plugin {
  const rule = limitRule(limits);
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string | Source, options?: ParseOptions) =>
        parse(source, { ...options, maxTokens: MAX_TOKENS }),
      );
    },
    onValidate({ addValidationRule }) {
      addValidationRule(rule);
    },
    onExecute({ args }) {
      checkVariables(args.variableValues);
    },
    onSubscribe({ args }) {
      checkVariables(args.variableValues);
    },
  };
}

interface Size {
  readonly depth: number;
  readonly fields: number;
}

const NOTHING: Size = { depth: 0, fields: 0 };

function limitRule({ maxDepth, maxFields }: QueryLimits): ValidationRule {
  return (context: ValidationContext): ASTVisitor => {
    const fragments = new Map<string, Size>();
    return {
      OperationDefinition(operation: OperationDefinitionNode) {
        const { depth, fields } = sizeOf(operation.selectionSet, context, fragments);
        if (depth > maxDepth) {
          context.reportError(
            badInput(`The query is too deep: ${depth} levels of fields, where ${maxDepth} are allowed.`),
          );
        }
        if (fields > maxFields) {
          context.reportError(
            badInput(`The query is too large: ${fields} fields, where ${maxFields} are allowed.`),
          );
        }
      },
      ObjectValue(_node, _key, _parent, _path, ancestors) {
        const depth = ancestors.filter((node) => "kind" in node && node.kind === Kind.OBJECT).length + 1;
        if (depth === MAX_ARGUMENT_DEPTH + 1) context.reportError(argumentsTooDeep());
      },
    };
  };
}

/** Each fragment is measured once, so a query of fragments of fragments costs no more than its text. */
function sizeOf(set: SelectionSetNode, context: ValidationContext, fragments: Map<string, Size>): Size {
  let depth = 0;
  let fields = 0;
  for (const selection of set.selections) {
    const size = sizeOfSelection(selection, context, fragments);
    depth = Math.max(depth, size.depth);
    fields += size.fields;
  }
  return { depth, fields };
}

function sizeOfSelection(
  selection: SelectionNode,
  context: ValidationContext,
  fragments: Map<string, Size>,
): Size {
  switch (selection.kind) {
    case Kind.FIELD: {
      // Introspection is bounded by a rule of its own.
      if (selection.name.value.startsWith("__")) return NOTHING;
      const below = selection.selectionSet ? sizeOf(selection.selectionSet, context, fragments) : NOTHING;
      return { depth: below.depth + 1, fields: below.fields + 1 };
    }
    case Kind.INLINE_FRAGMENT:
      return sizeOf(selection.selectionSet, context, fragments);
    case Kind.FRAGMENT_SPREAD:
      return sizeOfFragment(context.getFragment(selection.name.value), context, fragments);
  }
}

function sizeOfFragment(
  fragment: FragmentDefinitionNode | null | undefined,
  context: ValidationContext,
  fragments: Map<string, Size>,
): Size {
  if (fragment == null) return NOTHING;
  const name = fragment.name.value;
  const known = fragments.get(name);
  if (known !== undefined) return known;
  // Counts as nothing while it is measured: a fragment that uses itself is refused by another rule.
  fragments.set(name, NOTHING);
  const size = sizeOf(fragment.selectionSet, context, fragments);
  fragments.set(name, size);
  return size;
}

function checkVariables(variables: unknown): void {
  let values = 0;
  // Level by level, without recursion: the depth is the caller's choice.
  let level: unknown[] = [variables];
  for (let depth = 0; level.length > 0; depth += 1) {
    // The variables themselves are one level, the fields of a filter the next.
    if (depth > MAX_ARGUMENT_DEPTH + 2) throw argumentsTooDeep();
    values += level.length;
    if (values > MAX_ARGUMENT_VALUES) {
      throw badInput(`The variables are too large: more than ${MAX_ARGUMENT_VALUES} values.`);
    }
    level = level.flatMap((value): unknown[] =>
      typeof value === "object" && value !== null ? Object.values(value) : [],
    );
  }
}

function argumentsTooDeep(): Error & ReturnType<typeof badInput> {
  return badInput(`An argument is too deep: filters may nest ${MAX_ARGUMENT_DEPTH} levels.`);
}
