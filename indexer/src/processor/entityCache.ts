import type { Store } from "@subsquid/typeorm-store";
import type { Entity, EntityClass } from "@subsquid/typeorm-store/lib/store";

/**
 * The entities that one batch of blocks touches: each is read once, changed in memory, and written at the end where it
 * changed. Relations are read as undefined, and left alone in the database unless they are set.
 */
export class EntityCache {
  private readonly entities = new Map<EntityClass<Entity>, Map<string, Entity | undefined>>();
  /** What the database holds of each; of new ones, nothing. */
  private readonly stored = new Map<Entity, Entity>();

  /** @param order Classes in the order in which they are written: what others refer to comes first. */
  constructor(
    private readonly store: Store,
    private readonly order: readonly EntityClass<Entity>[],
  ) {}

  async find<E extends Entity>(type: EntityClass<E>, id: string): Promise<E | undefined> {
    const cached = this.tableOf(type);
    if (!cached.has(id)) {
      const read = await this.store.get(type, id);
      if (read !== undefined) this.stored.set(read, { ...read });
      cached.set(id, read);
    }
    return cached.get(id);
  }

  /** @throws Error where the logs so far did not bring it about: a contract's events are incomplete. */
  async get<E extends Entity>(type: EntityClass<E>, id: string): Promise<E> {
    const entity = await this.find(type, id);
    if (entity === undefined)
      throw new Error(`There is no ${type.name} ${id}, though an event refers to it.`);
    return entity;
  }

  /** Finds it or makes it, telling which by `isNew`. */
  async ensure<E extends Entity>(
    type: EntityClass<E>,
    id: string,
    make: () => E,
  ): Promise<{ entity: E; isNew: boolean }> {
    const known = await this.find(type, id);
    if (known !== undefined) return { entity: known, isNew: false };
    return { entity: this.add(make()), isNew: true };
  }

  /** Takes in an entity that is known to be new. */
  add<E extends Entity>(entity: E): E {
    const type = entity.constructor as EntityClass<E>;
    this.tableOf(type).set(entity.id, entity);
    return entity;
  }

  /** Takes in entities that were read by other means, so that they are written with the rest. */
  adopt<E extends Entity>(type: EntityClass<E>, read: readonly E[]): E[] {
    const cached = this.tableOf(type);
    return read.map((entity) => {
      const known = cached.get(entity.id);
      if (known !== undefined) return known;
      this.stored.set(entity, { ...entity });
      cached.set(entity.id, entity);
      return entity;
    });
  }

  /** Writes what is new or changed. May be called again after more was changed. */
  async flush(): Promise<void> {
    for (const type of this.order) {
      const changed = [...this.tableOf(type).values()].filter(
        (entity) => entity !== undefined && !isSame(entity, this.stored.get(entity)),
      );
      const entities = changed.filter((entity) => entity !== undefined);
      if (entities.length > 0) await this.store.upsert(entities);
      for (const entity of entities) this.stored.set(entity, { ...entity });
    }
  }

  private tableOf<E extends Entity>(type: EntityClass<E>): Map<string, E | undefined> {
    let cached = this.entities.get(type);
    if (cached === undefined) {
      cached = new Map();
      this.entities.set(type, cached);
    }
    // Keyed by class: the values are of that class.
    return cached as Map<string, E | undefined>;
  }
}

/** Whether all fields are the same. Fields are replaced, never changed inside. */
function isSame(entity: Entity, stored: Entity | undefined): boolean {
  if (stored === undefined) return false;
  const before = new Map<string, unknown>(Object.entries(stored));
  return Object.entries(entity).every(([field, value]) => before.get(field) === value);
}
