FROM node:20-slim AS build
WORKDIR /app
ENV TURBO_TELEMETRY_DISABLED=1

# The packages first: this layer is kept for as long as the lockfile stays the same.
COPY package.json package-lock.json ./
COPY packages/roster/package.json packages/roster/
COPY packages/runtime/package.json packages/runtime/
COPY packages/backend/package.json packages/backend/
COPY apps/api/package.json apps/api/
COPY apps/worker/package.json apps/worker/
COPY apps/gateway/package.json apps/gateway/
COPY apps/dashboard/package.json apps/dashboard/
COPY examples/contacts-app/package.json examples/contacts-app/
COPY examples/xmpp-client/package.json examples/xmpp-client/
COPY tools/package.json tools/
COPY bench/package.json bench/
COPY chaos/package.json chaos/
RUN npm ci --ignore-scripts --no-audit --no-fund

COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=build /app/apps apps
COPY --from=build /app/tools tools
USER node
EXPOSE 8080
CMD ["node", "--min-semi-space-size=16", "--heap-growing-percent=80", "apps/api/dist/main.js"]
