// What the @microsoft/signalr package sees of a hub, over each of its transports: prints one line of JSON for each call.
import { load, print, address } from './client.mjs';
const { HubConnectionBuilder, HttpTransportType, LogLevel, Subject } = load('@microsoft/signalr');

for (const transport of ['WebSockets', 'ServerSentEvents', 'LongPolling']) {
  const connection = new HubConnectionBuilder()
    .withUrl(`${address}hub`, { transport: HttpTransportType[transport] })
    .configureLogging(LogLevel.Error)
    .build();
  const heard = new Promise(resolve => connection.on('heard', resolve));
  await connection.start();
  print(transport, await connection.invoke('Transport'));
  print(transport, (await connection.invoke('Echo', 'ü'.repeat(300_000))).length);
  await connection.send('Shout', 'hello');
  print(transport, await heard);
  const counted = [];
  await new Promise((complete, error) => connection.stream('Count', 50).subscribe({ next: item => counted.push(item), complete, error }));
  print(transport, counted);
  const numbers = new Subject();
  const sum = connection.invoke('Sum', numbers);
  for (let number = 1; number <= 10; number++) {
    numbers.next(number);
  }

  numbers.complete();
  print(transport, await sum);
  print(transport, (await connection.invoke('Refuse', 'not today').catch(error => error)).message);
  const closed = new Promise(resolve => connection.onclose(error => resolve(error?.message ?? 'no error')));
  await connection.stop();
  print(transport, 'closed', await closed);
}
