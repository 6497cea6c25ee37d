// ページが見つかりません: what the server answers to an address without a page.

import { started } from "./dom.js";

started();
