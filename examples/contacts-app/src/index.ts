export { type AppOptions, contactsApp } from './app.ts'
export { type ContactBook, contactBook, type RosterAnswer } from './contact-book.ts'
export { type Friendship, type FriendshipGraph, friendshipGraph, type Person } from './graph.ts'
export { type Notice, type Notify, type NotifyOptions, rollcallNotifier, type Summary } from './notify.ts'
