// The one door to the rendering library.
export { html, render, useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from '../vendor/preact-htm.js';
