/** Longest room name, in UTF-16 code units. */
export const MAX_ROOM_NAME_LENGTH = 128;
