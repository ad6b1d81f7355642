using GatewayKit.Conservation;

if (args is not [var clients, var upstreams, var journal])
{
    Console.Error.WriteLine("conservation CLIENTS UPSTREAMS JOURNAL: reads the log of the clients, that of the destinations and the directory of a journal, and says what contradicts.");
    return 2;
}

var verdict = ConservationChecker.Check(clients, upstreams, journal);
Console.WriteLine(verdict);
return verdict.IsConsistent ? 0 : 1;
