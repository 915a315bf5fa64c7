"""The promises of template.yaml about the HTTPS API: its routes, who may use them, and who may call the function."""

from functions.customer_api.access import ANY_SCOPE, CATCH_ALL, PUBLIC, ROUTES
from functions.customer_api.app import api
from tests.support.template import cloudformation, resources


def gateway() -> dict[str, dict[str, object]]:
    return {
        route["Properties"]["RouteKey"]: route["Properties"] for route in resources("AWS::ApiGatewayV2::Route").values()
    }


def test_the_gateway_the_function_and_the_table_of_access_have_the_same_routes() -> None:
    function = {
        f"{route.method} {route.path}".replace("<", "{").replace(">", "}")
        for route in (*api._static_routes, *api._dynamic_routes)
    }
    assert set(gateway()) - {CATCH_ALL} == function == set(ROUTES)


def test_every_route_asks_for_the_token_and_the_scope_that_the_function_asks_for() -> None:
    for key, scope in ROUTES.items():
        route = gateway()[key]
        if scope == PUBLIC:
            assert route["AuthorizationType"] == "NONE", key
            assert "AuthorizerId" not in route, key
        else:
            assert route["AuthorizationType"] == "JWT", key
            assert route["AuthorizerId"] == {"Ref": "TokenAuthorizer"}, key
            wanted = None if scope == ANY_SCOPE else [{"Fn::Sub": f"${{ApiScopePrefix}}{scope}"}]
            assert route.get("AuthorizationScopes") == wanted, key


def test_an_unknown_route_below_v1_reaches_the_function_to_be_told_its_methods() -> None:
    assert gateway()[CATCH_ALL]["AuthorizationType"] == "NONE"
    assert "AuthorizerId" not in gateway()[CATCH_ALL]


def test_only_what_anybody_may_ask_goes_without_a_token() -> None:
    public = {key for key, route in gateway().items() if route["AuthorizationType"] == "NONE"} - {CATCH_ALL}
    assert public == {
        "GET /v1/hotline/numbers",
        "GET /v1/hotline/numbers/verify",
        "POST /v1/recoveries",
        "POST /v1/recoveries/{id}/codes",
        "POST /v1/repudiations",
    }


def test_tokens_are_those_of_the_wallets_issuer_for_this_api() -> None:
    authorizer = cloudformation()["Resources"]["TokenAuthorizer"]["Properties"]
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["JwtConfiguration"] == {"Issuer": {"Ref": "ApiIssuer"}, "Audience": [{"Ref": "ApiAudience"}]}
    assert "Default" not in cloudformation()["Parameters"]["ApiIssuer"]
    assert "Default" not in cloudformation()["Parameters"]["ApiAudience"]


def test_every_route_goes_to_the_functions_alias() -> None:
    for key, route in gateway().items():
        assert route["Target"] == {"Fn::Sub": "integrations/${CustomerApiIntegration}"}, key
    integration = cloudformation()["Resources"]["CustomerApiIntegration"]["Properties"]
    assert integration["IntegrationUri"] == {"Ref": "CustomerApiFunctionAliaslive"}
    assert integration["PayloadFormatVersion"] == "2.0"


def test_the_gateway_may_call_the_function_for_this_api_only() -> None:
    permission = cloudformation()["Resources"]["CustomerApiPermission"]["Properties"]
    assert permission["FunctionName"] == {"Ref": "CustomerApiFunctionAliaslive"}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${Api}/*")
