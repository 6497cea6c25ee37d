// What the tab and the browser remember. Where a setting of the browser blocks its storage, the tab's name takes its
// place: it outlives a change of page, too, and nothing else of this site needs it.

const readName = () => {
  try {
    return JSON.parse(window.name) ?? {};
  } catch {
    return {};
  }
};

const NAME = {
  getItem: (key) => readName()[key] ?? null,
  setItem: (key, value) => (window.name = JSON.stringify({ ...readName(), [key]: value })),
  removeItem: (key) => (window.name = JSON.stringify({ ...readName(), [key]: undefined })),
  clear: () => (window.name = ""),
};

function usable(kind) {
  try {
    const storage = window[kind];
    storage.setItem("usable", "");
    storage.removeItem("usable");
    return storage;
  } catch {
    return NAME;
  }
}

export const ofBrowser = usable("localStorage");
const ofTab = usable("sessionStorage");

/** Values of this tab, by key; null where there is none. */
export const tab = {
  read: (key) => JSON.parse(ofTab.getItem(key) ?? "null"),
  write: (key, value) => ofTab.setItem(key, JSON.stringify(value)),
  remove: (key) => ofTab.removeItem(key),
  clear: () => ofTab.clear(),
  /** The value, which is forgotten. */
  take(key) {
    const value = tab.read(key);
    tab.remove(key);
    return value;
  },
};
