export { readOnlyStoreContract, storeContract } from "./testing/store-contract.ts";
export type { ContractCase, StoreUnderTest } from "./testing/contract-case.ts";
