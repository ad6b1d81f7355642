namespace GatewayKit.Forwarding;

/// <summary>What an exchange is waiting for; decides who is to blame when nothing moves.</summary>
internal enum WaitingFor
{
    Nothing,
    UpstreamHead,
    ClientBody,
    UpstreamTaking,
    UpstreamBody,
    ClientTaking,
    Tunnel,
}
